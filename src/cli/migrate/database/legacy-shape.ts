import type { DatabaseSync } from 'node:sqlite'
import type { Grant } from '../grant.ts'
import { number, type Row, rows, text } from './rows.ts'

/** The permission tables before roles: the type of each, and the pattern of a row. */
const TABLES: Record<string, { type: string; pattern: (row: Row) => string }> = {
  experiment_permissions: { type: 'experiment', pattern: (row) => text(row, 'experiment_id') },
  registered_model_permissions: { type: 'registered_model', pattern: (row) => text(row, 'name') },
  scorer_permissions: {
    type: 'scorer',
    pattern: (row) => `${text(row, 'experiment_id')}/${encodeURIComponent(text(row, 'scorer_name'))}`,
  },
  gateway_secret_permissions: { type: 'gateway_secret', pattern: (row) => text(row, 'secret_id') },
  gateway_endpoint_permissions: { type: 'gateway_endpoint', pattern: (row) => text(row, 'endpoint_id') },
  gateway_model_definition_permissions: {
    type: 'gateway_model_definition',
    pattern: (row) => text(row, 'model_definition_id'),
  },
  workspace_permissions: { type: 'workspace', pattern: () => '*' },
}

/**
 * Grants before roles. The rows of a table without a workspace column belong to `default`, as in MLflow's own upgrade.
 */
export function legacyGrants(database: DatabaseSync, tables: ReadonlySet<string>): Grant[] {
  return Object.entries(TABLES)
    .filter(([table]) => tables.has(table))
    .flatMap(([table, { type, pattern }]) =>
      rows(database, `SELECT * FROM ${table}`).map((row) => ({
        userId: number(row, 'user_id'),
        workspace: typeof row.workspace === 'string' ? row.workspace : 'default',
        type,
        pattern: pattern(row),
        permission: text(row, 'permission'),
        role: undefined,
      })),
    )
}
