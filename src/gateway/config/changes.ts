import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import type { FieldError } from '../../shared/settings/field-errors.ts'
import { metadata, type TakesEffect } from '../../shared/settings/metadata.ts'
import { type Config, configSchema } from './schema.ts'

type Table = Readonly<Record<string, TakesEffect | Readonly<Record<string, TakesEffect>>>>

interface Change {
  /** Dotted path of a section, or of a key where the keys of a section differ. */
  readonly path: string
  readonly takes: TakesEffect
}

/** What a reload applies and what needs a restart, as the schema states it: per section, or per key where keys differ. */
export const RELOADABLE: Table = Object.fromEntries(
  Object.entries(configSchema.shape).map(([name, schema]) => [name, effectOf(name, withoutDefault(schema))]),
)

function effectOf(name: string, section: z.ZodType): Table[string] {
  const general = metadata.get(section)?.reload
  if (general === undefined) throw new Error(`the schema does not say whether a reload applies ${name}`)
  const keys = section instanceof z.ZodObject ? Object.entries<z.ZodType>(section.shape) : []
  const specific = keys.map(([key, field]) => [key, metadata.get(field)?.reload ?? general] as const)
  return specific.some(([, takes]) => takes !== general) ? Object.fromEntries(specific) : general
}

function withoutDefault(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodPrefault ? (schema.unwrap() as z.ZodType) : schema
}

/** The keys whose values differ. */
export function changesOf(current: Config, next: Config): Change[] {
  return keysOf(RELOADABLE).filter(({ path }) => !isDeepStrictEqual(valueAt(current, path), valueAt(next, path)))
}

/** Changes that a reload cannot apply, as errors that name the key and show no value. */
export function restartErrors(current: Config, next: Config): FieldError[] {
  return changesOf(current, next)
    .filter(({ takes }) => takes === 'restart')
    .map(({ path }) => ({ path, expected: 'no change without a restart', got: 'another value' }))
}

/** The keys of a table, as dotted paths. */
export function keysOf(table: Table): Change[] {
  return Object.entries(table).flatMap(([section, takes]) =>
    typeof takes === 'string'
      ? [{ path: section, takes }]
      : Object.entries(takes).map(([key, each]) => ({ path: `${section}.${key}`, takes: each })),
  )
}

const valueAt = (config: Config, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => Reflect.get(value as object, key), config)
