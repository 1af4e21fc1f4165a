/** Reports progress in one line. Parts print nothing else. */
export type Progress = (line: string) => void

/** Writes to standard error: standard output belongs to the program that uses the part. */
export const toStderr: Progress = (line) => process.stderr.write(`  ${line}\n`)

/** Something that a part needs is missing and cannot be installed. The message says what to do. */
export class PartMissing extends Error {
  override readonly name = 'PartMissing'
}
