import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PartMissing } from './progress.ts'
import { run } from './run.ts'

/** A file system of its own that can be full. */
export interface SmallDisk {
  readonly folder: string
  /** Takes every byte that is left. */
  fill(): void
  /** Gives them back. */
  free(): void
  close(): void
}

const CHUNKS = [65_536, 4096, 1]

/** @throws PartMissing where this user may not mount */
export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'modelops-disk-'))
  const { ok, tail } = await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  if (!ok) {
    rmdirSync(folder)
    throw new PartMissing(`A disk that can be full needs root and the right to mount a tmpfs.\n${tail}`)
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
