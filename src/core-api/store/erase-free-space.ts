import { sql } from 'kysely'
import type { Database } from './open.ts'
import { StorageDown } from './storage-errors.ts'

/**
 * Removes what deleted and replaced rows have left in the files of the database: credentials that were encrypted with a
 * previous token stay in free pages, in SQLite's log and in dead rows of PostgreSQL until they are overwritten.
 * @throws StorageDown when other connections keep the database busy
 */
export async function eraseFreeSpace(db: Database, kind: 'sqlite' | 'postgres'): Promise<void> {
  if (kind === 'postgres') {
    await sql`vacuum full connections`.execute(db)
    return
  }
  await sql`vacuum`.execute(db)
  const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db)
  if (rows[0]?.busy !== 0) throw new StorageDown('the log could not be truncated')
}
