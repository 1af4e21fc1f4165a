import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from 'kysely'

/** Number of cached prepared statements; the service has about thirty. */
const PREPARED = 200

/** Kysely's SQLite dialect on `node:sqlite`, which needs no native module. */
export class NodeSqliteDialect extends SqliteDialect {
  readonly #database: SqliteDatabase

  /** @param path A file, created with mode 0600 when missing, or `:memory:` */
  constructor(path: string, busySeconds: number) {
    const database = openNodeSqlite(path, busySeconds)
    super({ database })
    this.#database = database
  }

  override createDriver(): Driver {
    return new ImmediateDriver({ database: this.#database })
  }
}

/**
 * Takes the write lock at the start of a transaction. A transaction that reads first and cannot get the lock later would
 * have to start again (SQLITE_BUSY_SNAPSHOT).
 */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

function openNodeSqlite(path: string, busySeconds: number): SqliteDatabase {
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path, { timeout: busySeconds * 1000 })
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
  // Deleted and replaced content is overwritten with zeros.
  database.exec('pragma secure_delete = on')
  const prepared = new Map<string, SqliteStatement>()
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = prepared.get(sql)
      if (known) return known
      if (prepared.size >= PREPARED) prepared.clear()
      const statement = adapt(database.prepare(sql))
      prepared.set(sql, statement)
      return statement
    },
  }
}

function adapt(statement: StatementSync): SqliteStatement {
  // Kysely compiles values to types that SQLite binds, but declares them as `unknown`.
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}
