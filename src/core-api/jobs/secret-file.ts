import { closeSync, constants, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { deferSignals, raise } from './defer-signals.ts'
import { overwrite } from './overwrite.ts'
import { MARK } from './render.ts'
import { draftPath, removeStaleDrafts } from './stale-drafts.ts'

/**
 * Writes a file that only this user can read, completely or not at all: to a draft in the same folder, then renamed. A link
 * in place of the target is replaced, never followed. SIGINT, SIGTERM and SIGHUP in the meantime end the process without
 * any file; what SIGKILL leaves behind is removed by the next run.
 */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  await removeStaleDrafts(dirname(path))
  const signal = await deferSignals(() => writeAtOnce(path, text))
  if (signal === undefined) return
  await shredSecretFile(path)
  raise(signal)
}

/** Synchronous: no signal handler runs in between. */
function writeAtOnce(path: string, text: string): void {
  const draft = draftPath(path)
  const file = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    try {
      // The umask may have removed bits of the mode at creation.
      fchmodSync(file, 0o600)
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** The file was not written here. */
export class ForeignFile extends Error {}

/**
 * Overwrites and deletes a file that was written here, and stale drafts beside it; resolves to false when the file does not
 * exist.
 * @throws ForeignFile for a file that was not written here, or a link
 */
export async function shredSecretFile(path: string): Promise<boolean> {
  await removeStaleDrafts(dirname(path))
  const file = await openOwnFile(path)
  if (file === undefined) return false
  try {
    await overwrite(file)
    await unlink(path)
    return true
  } finally {
    await file.close()
  }
}

async function openOwnFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') return undefined
    if (code === 'ELOOP')
      throw new ForeignFile(`${path}: expected a file, got a link. It was not deleted.`, { cause: error })
    throw error
  }
  const start = Buffer.alloc(Buffer.byteLength(MARK))
  const isOurs = (await file.stat()).isFile() && (await file.read(start, 0, start.length, 0)).bytesRead === start.length
  if (isOurs && start.equals(Buffer.from(MARK))) return file
  await file.close()
  throw new ForeignFile(`${path}: expected a file that job-env wrote. It was not deleted.`)
}
