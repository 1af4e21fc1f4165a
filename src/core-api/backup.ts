import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'

/**
 * Copies a SQLite database while it is in use, as of one moment, to a file of mode 0600 that is there whole or not at
 * all. What is sealed stays sealed: the copy is useless without the encryption token, which is not in it.
 */
export async function backupSqlite(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new Error(`expected a database at ${from}, got nothing`)
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
