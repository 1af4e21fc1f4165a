import type { DatabaseSync } from 'node:sqlite'
import type { Grant } from '../grant.ts'
import { number, rows, text } from './rows.ts'

/** The role that MLflow creates for what is granted to one user directly. */
const DIRECT = /^__user_\d+__$/

const SQL = `
  SELECT a.user_id, r.name AS role, r.workspace, p.resource_type, p.resource_pattern, p.permission
  FROM user_role_assignments a
  JOIN roles r ON r.id = a.role_id
  JOIN role_permissions p ON p.role_id = r.id
  ORDER BY a.user_id, r.workspace, p.resource_type, p.resource_pattern`

/** Grants since MLflow moved every permission into roles (revision e5f6a7b8c9d0). */
export function currentGrants(database: DatabaseSync): Grant[] {
  return rows(database, SQL).map((row) => {
    const role = text(row, 'role')
    return {
      userId: number(row, 'user_id'),
      workspace: text(row, 'workspace'),
      type: text(row, 'resource_type'),
      pattern: text(row, 'resource_pattern'),
      permission: text(row, 'permission'),
      role: DIRECT.test(role) ? undefined : role,
    }
  })
}

/** MLflow creates roles for every new workspace. */
export const currentWorkspaces = (database: DatabaseSync): string[] =>
  rows(database, 'SELECT DISTINCT workspace FROM roles').map((row) => text(row, 'workspace'))
