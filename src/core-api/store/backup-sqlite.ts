import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/**
 * Copies a SQLite database while it is in use, to a file of mode 0600 that is complete or does not exist. Only current
 * rows are copied, not what free pages still contain. Credentials stay encrypted, and the token is not in the copy.
 */
export function backupSqlite(from: string, to: string): void {
  if (!existsSync(from)) throw new Error(`${from}: expected a database, got nothing`)
  const draft = `${to}.${process.pid}.part`
  closeSync(openSync(draft, 'wx', 0o600))
  try {
    using database = new DatabaseSync(from, { readOnly: true, timeout: 10_000 })
    database.prepare('vacuum into ?').run(draft)
    renameSync(draft, to)
  } finally {
    rmSync(draft, { force: true })
  }
}
