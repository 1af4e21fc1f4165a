import { basename, dirname, extname, join } from 'node:path'

/** Names of the files of one trail: `audit.jsonl`, and `audit.000001.jsonl` … for those that are full. */

const DIGITS = 6

/** The file of one process of several: `audit-2.jsonl`. @param slot Undefined: the process is the only one */
export function pathForSlot(path: string, slot: number | undefined): string {
  if (slot === undefined) return path
  const extension = extname(path)
  return join(dirname(path), `${basename(path, extension)}-${slot}${extension}`)
}

export function rotatedPath(path: string, number: number): string {
  const extension = extname(path)
  return join(dirname(path), `${basename(path, extension)}.${String(number).padStart(DIGITS, '0')}${extension}`)
}

/** The numbers of the full files among the names of a folder, in ascending order. */
export function rotatedNumbers(path: string, names: readonly string[]): number[] {
  const extension = extname(path)
  const start = `${basename(path, extension)}.`
  return names
    .filter((name) => name.startsWith(start) && name.endsWith(extension))
    .map((name) => name.slice(start.length, name.length - extension.length))
    .filter((number) => /^\d{6,15}$/.test(number))
    .map(Number)
    .sort((a, b) => a - b)
}
