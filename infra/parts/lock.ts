import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { partsDirectory } from './directories.ts'
import type { Progress } from './progress.ts'

/**
 * Runs `work` while no other process on this machine runs work of the same name. The lock is an exclusive SQLite
 * transaction: the operating system releases it when its owner exits, so there are no stale locks.
 */
export async function withLock<T>(name: string, progress: Progress, work: () => Promise<T>): Promise<T> {
  using database = new DatabaseSync(join(partsDirectory('locks'), `${name}.lock`), { timeout: 0 })
  for (let waiting = false; !tryLock(database); waiting = true) {
    if (!waiting) progress(`${name}: another process is installing it; waiting`)
    await sleep(300)
  }
  return await work()
}

const SQLITE_BUSY = 5

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false
    throw error
  }
}
