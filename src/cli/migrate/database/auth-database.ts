import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { messageOf } from '../../../shared/message-of.ts'
import { CliError } from '../../cli-error.ts'
import type { Grant, User } from '../grant.ts'
import { currentGrants, currentWorkspaces } from './current-shape.ts'
import { legacyGrants } from './legacy-shape.ts'
import { number, rows, text } from './rows.ts'

export type Shape = 'roles' | 'legacy'

export interface AuthDatabase {
  readonly path: string
  readonly shape: Shape
  readonly users: readonly User[]
  readonly grants: readonly Grant[]
  /** Workspaces in the database, including those without a grant. */
  readonly workspaces: readonly string[]
}

/** Revisions of MLflow's auth schema (`alembic_version_auth`), and the tables that contain the grants. */
const REVISIONS: Record<string, Shape> = {
  '8606fa83a998': 'legacy',
  '0965eb92f5f0': 'legacy',
  a1b2c3d4e5f6: 'legacy',
  '2ed73881770d': 'legacy',
  e5f6a7b8c9d0: 'roles',
  f1a2b3c4d5e6: 'roles',
}

const WAIT_MS = 1000
const SQLITE_BUSY = 5
const SQLITE_NOTADB = 26

/**
 * Reads the whole database of the basic-auth app in one read transaction; nothing is changed.
 * @throws CliError if it is missing, locked, no database, or has an unknown schema
 */
export function loadAuthDatabase(path: string): AuthDatabase {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new CliError(`${path}: expected the database of the basic-auth app, got no such file. Name it with --db.`)
  }
  try {
    const database = new DatabaseSync(path, { readOnly: true, timeout: WAIT_MS })
    try {
      database.exec('BEGIN')
      return read(path, database)
    } finally {
      database.close()
    }
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(`${path}: ${whyUnreadable(error)}`, { cause: error })
  }
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  if (code === SQLITE_BUSY)
    return 'locked by another process. Stop MLflow, or copy the file and name the copy with --db.'
  if (code === SQLITE_NOTADB) return 'expected a SQLite database, got another file'
  return `cannot be read: ${messageOf(error)}`
}

function read(path: string, database: DatabaseSync): AuthDatabase {
  const tables = new Set(
    rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => text(row, 'name')),
  )
  const shape = shapeOf(path, database, tables)
  const users = rows(database, 'SELECT id, username, is_admin FROM users ORDER BY username').map((row) => ({
    id: number(row, 'id'),
    name: text(row, 'username'),
    isAdmin: row.is_admin === 1,
  }))
  const grants = shape === 'roles' ? currentGrants(database) : legacyGrants(database, tables)
  const workspaces = new Set(grants.map((grant) => grant.workspace))
  if (shape === 'roles') for (const workspace of currentWorkspaces(database)) workspaces.add(workspace)
  return { path, shape, users, grants, workspaces: [...workspaces].sort() }
}

function shapeOf(path: string, database: DatabaseSync, tables: ReadonlySet<string>): Shape {
  if (!tables.has('users'))
    throw new CliError(`${path}: expected the tables of the basic-auth app, got none called users`)
  if (!tables.has('alembic_version_auth')) {
    // Before MLflow 3.6 the app had no revision table of its own, and only one schema.
    if (tables.has('experiment_permissions') && !tables.has('roles')) return 'legacy'
    throw new CliError(`${path}: expected a table alembic_version_auth beside roles, got none`)
  }
  const found = rows(database, 'SELECT version_num FROM alembic_version_auth').map((row) => text(row, 'version_num'))
  const shape = REVISIONS[found[0] ?? '']
  if (found.length === 1 && shape !== undefined) return shape
  const known = Object.keys(REVISIONS).join(', ')
  throw new CliError(
    `${path}: alembic_version_auth: expected one of ${known}, got ${found.join(', ') || 'nothing'}. ` +
      'Start an MLflow 3.12 to 3.17 once on a copy, which upgrades it.',
  )
}
