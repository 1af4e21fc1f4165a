/** The storage is not reachable. Nothing was changed, and nothing is known about what exists. */
export class StorageDown extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'StorageDown'
  }
}

/** A unique name or ID is already in use. */
export class UniqueViolation extends Error {
  constructor(options?: ErrorOptions) {
    super('a unique value is in use', options)
    this.name = 'UniqueViolation'
  }
}

/** SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE. */
const SQLITE_UNIQUE = new Set([1555, 2067])
/** Primary codes: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL. */
const SQLITE_DOWN = new Set([5, 6, 8, 10, 13, 14, 15])
/** SQLSTATE classes: connection, resources, operator intervention, system error, read-only transaction, timeouts. */
const POSTGRES_DOWN = /^(08|53|57|58|25006|25P03)/
const SQLSTATE = /^[0-9A-Z]{5}$/

/**
 * Translates a driver's error by its code, never by its message. An error of the PostgreSQL driver without SQLSTATE means
 * that the server was not reached or the connection was lost. The original error is the `cause`, for the log.
 */
export function storageError(error: unknown, kind: 'sqlite' | 'postgres'): unknown {
  if (!(error instanceof Error) || error instanceof TypeError) return error
  return kind === 'sqlite' ? sqliteError(error) : postgresError(error)
}

function sqliteError(error: Error): Error {
  const code: unknown = Reflect.get(error, 'errcode')
  if (typeof code !== 'number') return error
  if (SQLITE_UNIQUE.has(code)) return new UniqueViolation({ cause: error })
  return SQLITE_DOWN.has(code & 0xff) ? new StorageDown(`sqlite ${code}`, { cause: error }) : error
}

function postgresError(error: Error): Error {
  const code: unknown = Reflect.get(error, 'code')
  if (typeof code !== 'string' || !SQLSTATE.test(code)) return new StorageDown('not reachable', { cause: error })
  if (code === '23505') return new UniqueViolation({ cause: error })
  return POSTGRES_DOWN.test(code) ? new StorageDown(`postgres ${code}`, { cause: error }) : error
}
