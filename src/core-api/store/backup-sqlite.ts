import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'

/**
 * Copies a SQLite database while it is in use, to a file of mode 0600 that is complete or does not exist. Credentials
 * stay encrypted, and the copy does not contain the encryption token.
 */
export async function backupSqlite(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new Error(`${from}: expected a database, got nothing`)
  const draft = `${to}.${process.pid}.part`
  closeSync(openSync(draft, 'wx', 0o600))
  try {
    using database = new DatabaseSync(from, { readOnly: true })
    await backup(database, draft)
    renameSync(draft, to)
  } finally {
    rmSync(draft, { force: true })
  }
}
