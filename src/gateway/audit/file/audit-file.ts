import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { rotatedNumbers, rotatedPath } from './file-names.ts'
import { type FileEnd, readFileEnd } from './last-line.ts'

/** Appends, never follows a symbolic link that somebody put in place of the file. */
const FLAGS = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW
/** For the user of the gateway alone, and for the group to read: log shippers. */
const FILE_MODE = 0o640
const FOLDER_MODE = 0o750

/** What was found in place of the file that this process had open. */
export type FileChange = 'none' | 'replaced' | 'resized'

/** One file of lines that is appended to, renamed when it is full, and never left with a part of a line. */
export class AuditFile {
  readonly #path: string
  #handle: FileHandle | undefined
  /** Length in bytes, of complete lines alone. */
  #size = 0
  #inode = 0
  /** Whether a part of a batch may be in the file after its complete lines. */
  #isDirty = false

  constructor(path: string) {
    this.#path = path
  }

  get isOpen(): boolean {
    return this.#handle !== undefined
  }

  get size(): number {
    return this.#size
  }

  /** Checks that the file can be opened or created, and changes nothing in it. @throws the error of the system */
  async check(): Promise<void> {
    await (await this.#openHandle()).close()
  }

  /** Opens the file or creates it, and cuts off what a crash left of a line. @returns how it ended */
  async open(): Promise<FileEnd> {
    const handle = await this.#openHandle()
    try {
      const { size, ino } = await handle.stat()
      const end = await readFileEnd(handle, size)
      if (end.tornBytes > 0 && !end.isForeign) await handle.truncate(size - end.tornBytes)
      this.#handle = handle
      this.#size = size - (end.isForeign ? 0 : end.tornBytes)
      this.#inode = ino
      return end
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Whether the path still leads to the file that is open, with the length that it was left with. */
  async change(): Promise<FileChange> {
    const found = await stat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (found === undefined || found.ino !== this.#inode) return 'replaced'
    return this.#isDirty || found.size === this.#size ? 'none' : 'resized'
  }

  /** Appends complete lines, or leaves the file as it was. @param sync Whether they must have reached the disk */
  async append(text: string, sync: boolean): Promise<void> {
    const handle = this.#opened()
    if (this.#isDirty) await this.#cutBack(handle)
    const bytes = Buffer.from(text)
    try {
      this.#isDirty = true
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten
      if (sync) await handle.datasync()
      this.#isDirty = false
      this.#size += bytes.length
    } catch (error) {
      // A part of the batch may be there, and a reader would take it for complete lines.
      await this.#cutBack(handle).catch(() => undefined)
      throw error
    }
  }

  /** Renames the file by the next number, and closes it. */
  async rotate(): Promise<void> {
    const number = (await this.rotated()).at(-1) ?? 0
    await rename(this.#path, rotatedPath(this.#path, number + 1))
    await this.close()
  }

  /** Deletes the oldest full files beyond this number. */
  async prune(keep: number): Promise<void> {
    if (keep === 0) return
    for (const number of (await this.rotated()).slice(0, -keep)) await unlink(rotatedPath(this.#path, number))
  }

  /** The last line of the newest full file; undefined without one. */
  async lastRotatedLine(): Promise<string | undefined> {
    const newest = (await this.rotated()).at(-1)
    if (newest === undefined) return undefined
    const handle = await open(rotatedPath(this.#path, newest), constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      return (await readFileEnd(handle, (await handle.stat()).size)).line
    } finally {
      await handle.close()
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    this.#size = 0
    this.#isDirty = false
    await handle?.close()
  }

  /** Numbers of the full files, in ascending order. */
  async rotated(): Promise<number[]> {
    return rotatedNumbers(this.#path, await readdir(dirname(this.#path)))
  }

  async #openHandle(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true, mode: FOLDER_MODE })
    return open(this.#path, FLAGS, FILE_MODE)
  }

  async #cutBack(handle: FileHandle): Promise<void> {
    await handle.truncate(this.#size)
    this.#isDirty = false
  }

  #opened(): FileHandle {
    if (this.#handle === undefined) throw new Error('the file is not open')
    return this.#handle
  }
}
