import { Kysely, sql } from 'kysely'
import { DEFAULT_MIGRATION_TABLE, type MigrationProvider, Migrator } from 'kysely/migration'
import type { Logger } from 'pino'
import { StartError } from '../../shared/start-error.ts'
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

/** Opens the storage and migrates its schema. @throws StorageDown, ConfigurationError, StartError */
export async function openStorage(config: CoreConfig['storage'], log: Logger): Promise<Storage> {
  const kind = config.url.startsWith('sqlite:') ? 'sqlite' : 'postgres'
  const dialect = kind === 'sqlite' ? sqliteDialect(config) : postgresDialect({ ...config, log })
  const db: Database = new Kysely<Tables>({ dialect: translateErrors(dialect, kind) })
  try {
    await migrate(db, kind, log)
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
async function migrate(db: Database, kind: Storage['kind'], log: Logger): Promise<void> {
  const known = migrations(kind)
  const newer = await newerSteps(db, Object.keys(known))
  if (newer.length > 0)
    log.warn({ event: 'newer-schema', steps: newer }, 'a later version of the core API has used this storage')
  const nothing = Object.fromEntries(newer.map((step) => [step, { up: async () => undefined }]))
  const provider: MigrationProvider = { getMigrations: async () => ({ ...known, ...nothing }) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw error
}

/** Ends the name of a step that the version before it cannot work with. */
const INCOMPATIBLE = '-incompatible'

/**
 * Steps of a later version, which this one works with unless their name says otherwise: the way back from an upgrade.
 * @throws StartError
 */
async function newerSteps(db: Database, known: readonly string[]): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return []
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db)
  const newer = rows.map(({ name }) => name).filter((name) => !known.includes(name))
  const incompatible = newer.filter((name) => name.endsWith(INCOMPATIBLE))
  if (incompatible.length === 0) return newer.sort()
  throw new StartError(
    `storage.url: this version cannot use a storage that a later version has changed (${incompatible.join(', ')}). ` +
      'Start the later version, or restore the backup from before the upgrade.',
  )
}
