import { PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'
import { ConfigurationError } from '../../shared/settings/field-errors.ts'

/** Counters and times are far below 2^53, so `bigint` is read as a number. */
const types = new pg.TypeOverrides()
types.setTypeParser(pg.types.builtins.INT8, Number)

export interface PostgresOptions {
  readonly url: string
  readonly connections: number
  readonly timeoutSeconds: number
  readonly log: Logger
}

export function postgresDialect({ url, connections, timeoutSeconds, log }: PostgresOptions): PostgresDialect {
  const ms = timeoutSeconds * 1000
  checkUrl(url)
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: ms,
    statement_timeout: ms,
    query_timeout: ms + 1000,
    idle_in_transaction_session_timeout: ms,
    application_name: 'modelops-core',
    types,
  })
  const lost = (error: Error) =>
    log.warn({ event: 'storage-connection-lost', detail: codeOf(error) }, 'connection lost')
  // The pool reports a connection that fails while idle; one that is checked out reports its failure itself. Without
  // these listeners either event would end the process.
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  return new PostgresDialect({ pool })
}

/** The driver would parse the URL at the first connection, and its error contains the URL. */
function checkUrl(url: string): void {
  try {
    new pg.Client({ connectionString: url })
  } catch {
    throw invalidUrl('a PostgreSQL URL; percent-encode special characters in the password', 'another text (not shown)')
  }
}

export const invalidUrl = (expected: string, got: string) =>
  new ConfigurationError('configuration', [{ path: 'storage.url', expected, got }])

const codeOf = (error: Error) => ('code' in error ? String(error.code) : error.name)
