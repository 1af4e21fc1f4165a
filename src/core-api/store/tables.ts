import type { ColumnType } from 'kysely'

/**
 * The tables, alike in SQLite and PostgreSQL: text, and integers for flags (0 or 1), revisions and times
 * (milliseconds since the epoch).
 */
export interface Tables {
  projects: ProjectRow
  project_groups: ProjectGroupRow
  connections: ConnectionRow
  default_connections: DefaultConnectionRow
  counters: { name: string; value: number }
}

/** Set once. */
type Fixed<T> = ColumnType<T, T, never>

export interface ProjectRow {
  id: Fixed<string>
  name: string
  /** The name as it is compared: see `nameKey`. */
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
  /** Empty: shared in the project; else the owner, who alone sees it. */
  scope: Fixed<string>
  /** Subject of whoever created it. */
  owner: Fixed<string>
  owner_name: Fixed<string>
  host: string
  log_mech: string
  database: string
  val_db: string
  byom_db: string
  username_sealed: string
  password_sealed: string
  /** Which encryption token sealed both. */
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

/** Names are unique by what people take for the same: composed characters, either case. */
export const nameKey = (name: string) => name.normalize('NFC').toLowerCase()
