import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely'
import { storageError } from './storage-errors.ts'

/** The same dialect, whose driver throws {@link StorageDown} and {@link UniqueViolation} where they apply. */
export function translateErrors(dialect: Dialect, kind: 'sqlite' | 'postgres'): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (database) => dialect.createIntrospector(database),
    createDriver: () => new TranslatedDriver(dialect.createDriver(), kind),
  }
}

type Kind = 'sqlite' | 'postgres'

class TranslatedDriver implements Driver {
  readonly #driver: Driver
  readonly #kind: Kind
  /** The driver must get back the same connection object that it returned. */
  readonly #inner = new WeakMap<DatabaseConnection, DatabaseConnection>()

  constructor(driver: Driver, kind: Kind) {
    this.#driver = driver
    this.#kind = kind
  }

  init(): Promise<void> {
    return translating(this.#kind, () => this.#driver.init())
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const inner = await translating(this.#kind, () => this.#driver.acquireConnection())
    const connection = new TranslatedConnection(inner, this.#kind)
    this.#inner.set(connection, inner)
    return connection
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return translating(this.#kind, () => this.#driver.beginTransaction(this.#innerOf(connection), settings))
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return translating(this.#kind, () => this.#driver.commitTransaction(this.#innerOf(connection)))
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return translating(this.#kind, () => this.#driver.rollbackTransaction(this.#innerOf(connection)))
  }

  releaseConnection(connection: DatabaseConnection): Promise<void> {
    return this.#driver.releaseConnection(this.#innerOf(connection))
  }

  destroy(): Promise<void> {
    return this.#driver.destroy()
  }

  #innerOf(connection: DatabaseConnection): DatabaseConnection {
    return this.#inner.get(connection) ?? connection
  }
}

class TranslatedConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection
  readonly #kind: Kind

  constructor(inner: DatabaseConnection, kind: Kind) {
    this.#inner = inner
    this.#kind = kind
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return translating(this.#kind, () => this.#inner.executeQuery<R>(query))
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#inner.streamQuery<R>(query, chunkSize)
  }
}

/** Handles both kinds of failure: SQLite's driver throws, and PostgreSQL's driver rejects. */
async function translating<T>(kind: Kind, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storageError(error, kind)
  }
}
