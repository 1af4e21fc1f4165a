import { join } from 'node:path'
import type { MlflowOptions } from '../../infra/parts/mlflow.ts'
import { ensureBackends, startObjectStore } from '../../infra/parts/mlflow-backends.ts'
import { startPostgres } from '../../infra/parts/postgres.ts'
import { type Database, openPostgres, openSqlite } from './database.ts'

/** Where MLflow keeps what it is told, as its options. */
export interface Backends {
  readonly options: Pick<MlflowOptions, 'database' | 'artifacts' | 'env'>
  /** Opened once MLflow has made its tables. */
  open(): Promise<Database>
  close(): Promise<void>
}

export async function startBackends(kind: 'files' | 'servers', dir: string): Promise<Backends> {
  if (kind === 'files')
    return { options: {}, open: async () => openSqlite(join(dir, 'mlflow.db')), close: async () => {} }
  const [postgres, store] = await Promise.all([startPostgres(), startObjectStore(dir)])
  const database = await postgres.createDatabase('mlflow')
  return {
    // SQLAlchemy would take another driver for the plain scheme.
    options: {
      database: database.replace(/^postgresql:/, 'postgresql+psycopg2:'),
      artifacts: `${store.bucket}/root`,
      env: { PYTHONPATH: await ensureBackends(), ...store.env },
    },
    open: () => openPostgres(database),
    close: async () => void (await Promise.all([postgres.close(), store.close()])),
  }
}
