import type { ColumnType } from 'kysely'

/**
 * The tables, the same in SQLite and PostgreSQL: text, and integers for flags (0 or 1), revisions and times (milliseconds
 * since the epoch).
 */
export interface Tables {
  projects: ProjectRow
  project_groups: ProjectGroupRow
  connections: ConnectionRow
  default_connections: DefaultConnectionRow
  counters: { name: string; value: number }
}

/** Never updated. */
type Fixed<T> = ColumnType<T, T, never>

export interface ProjectRow {
  id: Fixed<string>
  name: string
  /** The name in the form that must be unique; see `nameKey`. */
  name_key: string
  description: string
  git_repository_url: string
  branch: string
  archived: number
  revision: number
  created_at: Fixed<number>
  updated_at: number
}

export interface ProjectGroupRow {
  project_id: string
  group_name: string
  access: 'editor' | 'viewer'
}

export interface ConnectionRow {
  id: Fixed<string>
  project_id: Fixed<string>
  name: string
  name_key: string
  description: string
  /** Empty for a shared connection, else the subject of the owner. */
  scope: Fixed<string>
  /** Subject of the creator. */
  owner: Fixed<string>
  owner_name: Fixed<string>
  host: string
  log_mech: string
  database: string
  val_db: string
  byom_db: string
  username_sealed: string
  password_sealed: string
  /** ID of the encryption token of both. */
  key_id: string
  revision: number
  created_at: Fixed<number>
  updated_at: number
}

export interface DefaultConnectionRow {
  id: Fixed<string>
  project_id: Fixed<string>
  subject: Fixed<string>
  connection_id: string
}

/** Names that differ only in case or Unicode composition are the same. */
export const nameKey = (name: string) => name.normalize('NFC').toLowerCase()
