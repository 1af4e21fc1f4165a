import type { FileHandle } from 'node:fs/promises'

/** More than the longest line: every text of an event is bounded. */
const TAIL_BYTES = 262_144
const NEWLINE = 0x0a

export interface FileEnd {
  /** The last complete line; undefined in a file without one. */
  readonly line: string | undefined
  /** Bytes after the last line break: what a crash left of a line. */
  readonly tornBytes: number
  /** Whether the end of the file is not made of lines at all. */
  readonly isForeign: boolean
}

/** Reads how a file ends. @param size Its length in bytes */
export async function readFileEnd(file: FileHandle, size: number): Promise<FileEnd> {
  const length = Math.min(size, TAIL_BYTES)
  const tail = Buffer.alloc(length)
  await file.read(tail, 0, length, size - length)
  const lastBreak = tail.lastIndexOf(NEWLINE)
  if (lastBreak === -1) return { line: undefined, tornBytes: size, isForeign: size > TAIL_BYTES }
  const before = lastBreak === 0 ? -1 : tail.lastIndexOf(NEWLINE, lastBreak - 1)
  return {
    line: tail.toString('utf8', before + 1, lastBreak),
    tornBytes: length - 1 - lastBreak,
    isForeign: before === -1 && size > TAIL_BYTES,
  }
}
