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
  project_members: ProjectMemberRow
  counters: { name: string; value: number }
}

/** Which fields of a connection its encryption authenticates; see `associatedData`. New credentials have format 2. */
export type CredentialFormat = 1 | 2

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
  owner_name: string
  host: string
  log_mech: string
  database: string
  val_db: string
  byom_db: string
  username_sealed: string
  password_sealed: string
  /** ID of the encryption token of both. */
  key_id: string
  /** Which fields of the record the encryption authenticates. */
  format: CredentialFormat
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

export interface ProjectMemberRow {
  project_id: Fixed<string>
  subject: Fixed<string>
  username: string
  /** The group of the project that gave access; empty for administrators. */
  group_name: string
  seen_at: number
}

/** Names that differ only in case or Unicode composition are the same. */
export const nameKey = (name: string) => name.normalize('NFC').toLowerCase()
