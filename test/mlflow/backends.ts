import { join } from 'node:path'
import { startMariadb } from '../../infra/parts/mariadb.ts'
import type { MlflowOptions } from '../../infra/parts/mlflow.ts'
import { ensureBackends } from '../../infra/parts/mlflow-backends.ts'
import { startObjectStore } from '../../infra/parts/object-store.ts'
import { startPostgres } from '../../infra/parts/postgres.ts'
import { type Database, openMariadb, openPostgres, openSqlite } from './database.ts'

/** Where MLflow keeps what it is told: a database file and folders, or a database server and an S3 server. */
export type BackendKind = 'files' | 'postgres' | 'mariadb'

/** The same, as MLflow's options. */
export interface Backends {
  readonly options: Pick<MlflowOptions, 'database' | 'artifacts' | 'env'>
  /** Opened once MLflow has made its tables. */
  open(): Promise<Database>
  close(): Promise<void>
}

export async function startBackends(kind: BackendKind, dir: string): Promise<Backends> {
  if (kind === 'files')
    return { options: {}, open: async () => openSqlite(join(dir, 'mlflow.db')), close: async () => {} }
  const packages = await ensureBackends()
  const [server, store] = await Promise.all([kind === 'postgres' ? postgres() : mariadb(), startObjectStore(dir)])
  return {
    options: {
      database: server.url,
      artifacts: `${store.bucket}/root`,
      env: { PYTHONPATH: packages, ...store.env },
    },
    open: server.open,
    close: async () => void (await Promise.all([server.close(), store.close()])),
  }
}

interface DatabaseServer extends Pick<Backends, 'open' | 'close'> {
  readonly url: string
}

async function postgres(): Promise<DatabaseServer> {
  const server = await startPostgres()
  const database = await server.createDatabase('mlflow')
  // SQLAlchemy would take another driver for the plain scheme.
  const url = database.replace(/^postgresql:/, 'postgresql+psycopg2:')
  return { url, open: () => openPostgres(database), close: server.close }
}

async function mariadb(): Promise<DatabaseServer> {
  const server = await startMariadb()
  return { url: server.url, open: async () => openMariadb(server), close: server.close }
}
