import type { DatabaseSync } from 'node:sqlite'

/** Grows with the tables; kept in the file as `user_version`. */
const SCHEMA_VERSION = 1

/**
 * Times are milliseconds since the epoch. `AUTOINCREMENT` never reuses a number, even after its row was deleted: lease
 * tokens and change numbers only grow.
 */
const TABLES = `
  CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    subject_key TEXT NOT NULL,
    sid_key TEXT,
    sealed TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    revision INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX sessions_by_subject ON sessions (subject_key);
  CREATE INDEX sessions_by_sid ON sessions (sid_key) WHERE sid_key IS NOT NULL;
  CREATE INDEX sessions_by_expiry ON sessions (expires_at);
  CREATE TABLE claims (name TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE leases (
    token INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    ended INTEGER NOT NULL,
    origin TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`

/** Added to a file of any age: a gateway that does not know the table leaves it alone. */
const JOURNAL = `
  CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    sealed TEXT NOT NULL,
    UNIQUE (name, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS journal_by_name ON journal (name, number);
`

const RETRY_MS = 20

/**
 * Creates the tables in a new file. Several processes may call this at once: the first one creates them.
 * @param busyMs Longest wait for another process, in milliseconds
 * @throws Error when the file was written by another version of the gateway
 */
export function prepareSchema(db: DatabaseSync, busyMs: number): void {
  const until = performance.now() + busyMs
  for (;;) {
    try {
      createTables(db)
      return
    } catch (error) {
      // SQLite does not wait by itself where two processes switch a new file to WAL.
      if (!isBusy(error) || performance.now() >= until) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}

/** SQLITE_BUSY, or one of its extended codes. */
const isBusy = (error: unknown) => error instanceof Error && (Number(Reflect.get(error, 'errcode')) & 0xff) === 5

function createTables(db: DatabaseSync): void {
  // WAL: readers do not wait for a writer. NORMAL: a power cut may undo the last writes, and never damages the file.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE')
  try {
    const version = db.prepare('PRAGMA user_version').get()?.user_version
    if (version === 0) db.exec(TABLES)
    else if (version !== SCHEMA_VERSION) {
      throw new Error(`expected a session file of version ${SCHEMA_VERSION}, got version ${String(version)}`)
    }
    db.exec(JOURNAL)
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}
