import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { MARK } from './render.ts'

/**
 * Writes a file that only this user can read, completely or not at all: to a draft in the same folder, then renamed. A link
 * in place of the target is replaced, never followed.
 */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    try {
      // The umask may have removed bits of the mode at creation.
      await file.chmod(0o600)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw error
  }
}

/** The file was not written here. */
export class ForeignFile extends Error {}

/**
 * Overwrites and deletes a file that was written here; resolves to false when it does not exist. Copy-on-write file
 * systems, SSDs and snapshots may keep the previous blocks: keep such files on tmpfs.
 * @throws ForeignFile for a file that was not written here, or a link
 */
export async function shredSecretFile(path: string): Promise<boolean> {
  const file = await openOwnFile(path)
  if (file === undefined) return false
  try {
    const { size } = await file.stat()
    for (let at = 0; at < size; at += 65_536) {
      const noise = randomBytes(Math.min(65_536, size - at))
      await file.write(noise, 0, noise.length, at)
    }
    await file.sync()
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
