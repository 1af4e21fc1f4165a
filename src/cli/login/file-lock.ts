import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { CliError } from '../cli-error.ts'

const SQLITE_BUSY = 5
const POLL_MS = 50

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY

/**
 * Runs `work` while no other process has the lock `path`.
 * Node has no `flock`, and a lock file outlives a killed process. The lock of an empty SQLite database belongs to the
 * operating system: it ends with its process, and Python's standard library supports it as well.
 * @param waitMs Timeout for the lock, in milliseconds.
 * @throws CliError after the timeout.
 */
export async function withFileLock<T>(path: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    await acquire(database, path, waitMs)
    return await work()
  } finally {
    database.close()
  }
}

async function acquire(database: DatabaseSync, path: string, waitMs: number): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    try {
      return database.exec('BEGIN EXCLUSIVE')
    } catch (error) {
      if (!isBusy(error)) throw new CliError(`${path}: cannot be locked`, { cause: error })
      if (waitedMs >= waitMs) throw new CliError(`${path}: another process has held this lock for ${waitMs / 1000} s`)
    }
    await delay(POLL_MS)
  }
}
