import { Kysely } from 'kysely'
import { type MigrationProvider, Migrator } from 'kysely/migration'
import type { Logger } from 'pino'
import type { CoreConfig } from '../config.ts'
import { migrations } from './migrations.ts'
import { invalidUrl, postgresDialect } from './postgres.ts'
import { NodeSqliteDialect } from './sqlite.ts'
import type { Tables } from './tables.ts'
import { translateErrors } from './translate-errors.ts'

export type Database = Kysely<Tables>

export interface Storage {
  readonly kind: 'sqlite' | 'postgres'
  readonly db: Database
  close(): Promise<void>
}

/** Opens the storage and migrates its schema. @throws StorageDown, ConfigurationError */
export async function openStorage(config: CoreConfig['storage'], log: Logger): Promise<Storage> {
  const kind = config.url.startsWith('sqlite:') ? 'sqlite' : 'postgres'
  const dialect = kind === 'sqlite' ? sqliteDialect(config) : postgresDialect({ ...config, log })
  const db: Database = new Kysely<Tables>({ dialect: translateErrors(dialect, kind) })
  try {
    await migrate(db, kind)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return { kind, db, close: () => db.destroy() }
}

function sqliteDialect({ url, timeoutSeconds }: CoreConfig['storage']): NodeSqliteDialect {
  try {
    return new NodeSqliteDialect(url.slice('sqlite:'.length), timeoutSeconds)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'another error'
    throw invalidUrl('the path of a file that can be read and written', code)
  }
}

/** Runs the missing migrations under a lock, because several processes may start at the same time. */
async function migrate(db: Database, kind: Storage['kind']): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => migrations(kind) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw error
}
