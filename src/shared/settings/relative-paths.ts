import { resolve } from 'node:path'
import type * as z from 'zod'
import { childOf, metadataOf } from './schema-walk.ts'

/** Makes the paths in valid settings absolute (`metadata.path`). Relative ones start at `folder`. */
export function resolvePaths<T>(schema: z.ZodType, value: T, folder: string): T
export function resolvePaths(schema: z.ZodType, value: unknown, folder: string): unknown {
  const kind = metadataOf(schema).path
  if (kind !== undefined && typeof value === 'string')
    return kind === 'path' ? resolve(folder, value) : resolveSqlite(value, folder)
  if (value === null || typeof value !== 'object') return value
  const child = (key: string, item: unknown) => {
    const at = childOf(schema, key, value)
    return at === undefined ? item : resolvePaths(at, item, folder)
  }
  if (Array.isArray(value)) return value.map((item, index) => child(String(index), item))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, child(key, item)]))
}

const SQLITE = 'sqlite:'

function resolveSqlite(address: string, folder: string): string {
  const path = address.slice(SQLITE.length)
  return address.startsWith(SQLITE) && path !== ':memory:' ? `${SQLITE}${resolve(folder, path)}` : address
}
