/** Says one line about what is going on. Parts never print anything else. */
export type Progress = (line: string) => void

/** Writes to standard error: standard output belongs to the program that uses the part. */
export const toStderr: Progress = (line) => process.stderr.write(`  ${line}\n`)

/** What a part needs from the machine is missing and cannot be had; the message says what to do. */
export class PartMissing extends Error {
  override readonly name = 'PartMissing'
}
