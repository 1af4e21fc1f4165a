import { messageOf } from '../../shared/message-of.ts'
import { CliError } from '../cli-error.ts'

/** What went wrong while files were read, for the user. */
export function fileError(error: unknown): CliError {
  const { code, path } = Object(error) as { code?: unknown; path?: unknown }
  const file = typeof path === 'string' ? `${path}: ` : ''
  if (code === 'ENOENT') return new CliError(`${file}there is no such file. Check the path, and audit.sinks[].path.`)
  if (code === 'EACCES') return new CliError(`${file}the file cannot be read. Run this as a user who may read it.`)
  if (code === 'EISDIR') return new CliError(`${file}expected a file, got a folder. Name its files, e.g. audit*.jsonl.`)
  return new CliError(`${file}the file cannot be read: ${messageOf(error)}`)
}
