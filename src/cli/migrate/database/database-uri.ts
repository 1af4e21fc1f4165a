import { CliError } from '../../cli-error.ts'
import type { BasicAuthIni } from '../ini.ts'

/**
 * The SQLite file that `database_uri` names. A relative path starts at the working directory, as in MLflow.
 * @throws CliError for another kind of database, without showing its password
 */
export function databaseFile({ path, databaseUri }: BasicAuthIni): string {
  const file = /^sqlite(?:\+\w+)?:\/\/\/([^?]+)/.exec(databaseUri)?.[1]
  if (file !== undefined) return file
  const scheme = /^[\w+]+/.exec(databaseUri)?.[0] ?? 'nothing'
  throw new CliError(
    `${path}: database_uri: expected sqlite:///FILE, got ${scheme}. Copy its tables into a SQLite file as the migration ` +
      'guide shows, and name it with --db.',
  )
}
