import { randomUUID } from 'node:crypto'
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { CliError } from '../cli-error.ts'

export interface OutputFile {
  readonly path: string
  readonly text: string
}

/**
 * Writes all files or none: each is written beside its place first, then they are renamed.
 * @throws CliError when a file is there already and `force` is not given, or cannot be written
 */
export function writeFiles(files: readonly OutputFile[], force: boolean): void {
  const taken = files.filter(({ path }) => !force && existsSync(path)).map(({ path }) => path)
  if (taken.length > 0) throw new CliError(`${taken.join(', ')}: there already; nothing was written (--force replaces)`)
  const written = files.map(({ path, text }) => ({ path, text, beside: `${path}.${randomUUID()}` }))
  try {
    for (const { beside, text } of written) writeFileSync(beside, text, { flag: 'wx' })
    for (const { path, beside } of written) renameSync(beside, path)
  } catch (error) {
    for (const { beside } of written) rmSync(beside, { force: true })
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown'
    throw new CliError(`${files.map(({ path }) => path).join(', ')}: cannot be written (${code})`, { cause: error })
  }
}
