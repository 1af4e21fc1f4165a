import { randomUUID } from 'node:crypto'
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { CliError } from '../cli-error.ts'

export interface OutputFile {
  readonly path: string
  readonly text: string
  /** Permissions. Default: those that the umask leaves. */
  readonly mode?: number
}

/**
 * Writes all files or none: each is written to a temporary file first, then all are renamed.
 * @throws CliError if a file exists and `force` is not given, or if one cannot be written
 */
export function writeFiles(files: readonly OutputFile[], force: boolean): void {
  const taken = files.filter(({ path }) => !force && existsSync(path)).map(({ path }) => path)
  if (taken.length > 0)
    throw new CliError(`${taken.join(', ')}: expected no such file. Nothing was written; --force replaces files.`)
  const written = files.map((file) => ({ ...file, beside: `${file.path}.${randomUUID()}` }))
  try {
    for (const { beside, text, mode } of written) writeFileSync(beside, text, { flag: 'wx', mode: mode ?? 0o666 })
    for (const { path, beside } of written) renameSync(beside, path)
  } catch (error) {
    for (const { beside } of written) rmSync(beside, { force: true })
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown'
    throw new CliError(`${files.map(({ path }) => path).join(', ')}: cannot be written (${code})`, { cause: error })
  }
}
