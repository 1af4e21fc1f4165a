import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'

/** Tables as MLflow makes them; only the columns that matter. */
const ROLES_SQL = `
  CREATE TABLE alembic_version_auth (version_num VARCHAR(32) PRIMARY KEY);
  INSERT INTO alembic_version_auth VALUES ('f1a2b3c4d5e6');
  CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR, password_hash VARCHAR, is_admin BOOLEAN);
  CREATE TABLE roles (id INTEGER PRIMARY KEY, name VARCHAR, workspace VARCHAR, description VARCHAR);
  CREATE TABLE role_permissions (id INTEGER PRIMARY KEY, role_id INTEGER, resource_type VARCHAR, resource_pattern VARCHAR, permission VARCHAR);
  CREATE TABLE user_role_assignments (id INTEGER PRIMARY KEY, user_id INTEGER, role_id INTEGER);`

const LEGACY_SQL = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR, password_hash VARCHAR, is_admin BOOLEAN);
  CREATE TABLE experiment_permissions (id INTEGER PRIMARY KEY, experiment_id VARCHAR, user_id INTEGER, permission VARCHAR);
  CREATE TABLE registered_model_permissions (id INTEGER PRIMARY KEY, name VARCHAR, user_id INTEGER, permission VARCHAR);`

export const PASSWORD = 'the-admin-password-stays-unread'
export const HASH = 'scrypt:32768:8:1$salt$a-hash-that-stays-unread'

export interface Setup {
  dir: string
  ini: string
  db: string
}

export function setup(t: TestContext, sql: string, settings: Record<string, string> = {}): Setup {
  const dir = mkdtempSync(join(tmpdir(), 'migrate-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const db = join(dir, 'basic_auth.db')
  const database = new DatabaseSync(db)
  database.exec(sql)
  database.close()
  const ini = join(dir, 'basic_auth.ini')
  const values = {
    default_permission: 'NO_PERMISSIONS',
    database_uri: `sqlite:///${db}`,
    admin_username: 'admin',
    admin_password: PASSWORD,
    ...settings,
  }
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}`)
  writeFileSync(ini, ['[mlflow]', '# a comment', ...lines, ''].join('\n'))
  return { dir, ini, db }
}

interface Grants {
  users?: [id: number, name: string, admin: 0 | 1][]
  /** Role id, name, workspace; then its permissions and the users that have it. */
  roles?: [id: number, name: string, workspace: string, permissions: [string, string, string][], users: number[]][]
}

export function rolesSql({ users = [], roles = [] }: Grants): string {
  const insert = (table: string, ...values: (string | number)[]) =>
    `INSERT INTO ${table} VALUES (${values.map((value) => (typeof value === 'number' ? value : `'${value}'`)).join(',')});`
  let next = 1
  return [
    ROLES_SQL,
    ...users.map(([id, name, admin]) => insert('users', id, name, HASH, admin)),
    ...roles.flatMap(([id, name, workspace, permissions, members]) => [
      insert('roles', id, name, workspace, ''),
      ...permissions.map((permission) => insert('role_permissions', next++, id, ...permission)),
      ...members.map((user) => insert('user_role_assignments', next++, user, id)),
    ]),
  ].join('\n')
}

export function legacySql(rows: string): string {
  return `${LEGACY_SQL}
    INSERT INTO users VALUES (1,'admin','${HASH}',1), (2,'alice','${HASH}',0), (3,'bob','${HASH}',0);
    ${rows}`
}
