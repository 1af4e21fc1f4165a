import type { DatabaseSync } from 'node:sqlite'
import { CliError } from '../../cli-error.ts'

export type Row = Record<string, unknown>

export const rows = (database: DatabaseSync, sql: string): Row[] => database.prepare(sql).all()

/** @throws CliError if the column has another type */
export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value === 'string') return value
  throw new CliError(`column ${column}: expected text, got ${value === null ? 'null' : typeof value}`)
}

/** @throws CliError if the column has another type */
export function number(row: Row, column: string): number {
  const value = row[column]
  if (typeof value === 'number') return value
  throw new CliError(`column ${column}: expected a number, got ${value === null ? 'null' : typeof value}`)
}
