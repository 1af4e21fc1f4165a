import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PartMissing } from './progress.ts'
import { run } from './run.ts'

/** A small file system that can be filled. */
export interface SmallDisk {
  readonly folder: string
  /** Fills the file system completely. */
  fill(): void
  /** Frees the space again. */
  free(): void
  close(): void
}

const CHUNKS = [65_536, 4096, 1]

/** @throws PartMissing if this user is not permitted to mount */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'modelops-disk-'))
  const { ok, tail } = await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  if (!ok) {
    rmdirSync(folder)
    throw new PartMissing(`The disk tests need root and the right to mount a tmpfs.\n${tail}`)
  }
  const filler = join(folder, 'filler')
  const unmount = () => {
    spawnSync('umount', ['--lazy', folder])
    rmdirSync(folder)
  }
  process.once('exit', unmount)
  return {
    folder,
    fill() {
      const file = openSync(filler, 'a')
      for (const bytes of CHUNKS) while (isWritten(file, Buffer.alloc(bytes)));
      closeSync(file)
    },
    free: () => rmSync(filler, { force: true }),
    close() {
      process.off('exit', unmount)
      unmount()
    },
  }
}

function isWritten(file: number, chunk: Buffer): boolean {
  try {
    return writeSync(file, chunk) === chunk.length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false
    throw error
  }
}
