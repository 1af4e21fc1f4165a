import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { ConfigurationError, type FieldError, fieldErrorsOf } from './field-errors.ts'
import { interpolate } from './interpolate.ts'

/** @throws ConfigurationError */
export function readSettingsFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new ConfigurationError(file, [{ path: '', expected: 'a readable YAML file', got: code }])
  }
}

export interface SettingsRules<S extends z.ZodObject> {
  readonly schema: S
  /** Faults that no single field can show, over the sections that are valid by themselves. */
  readonly checks: (valid: Partial<z.output<S>>) => FieldError[]
}

/**
 * Any settings of ours, by their schema: YAML, references, fields, mutual faults.
 * @throws ConfigurationError with every fault at once
 */
export function parseSettings<S extends z.ZodObject>(
  { schema, checks }: SettingsRules<S>,
  text: string,
  file: string,
  env: NodeJS.ProcessEnv,
): z.output<S> {
  const raw = parseYaml(text, file)
  const { value, faults } = interpolate(raw, file, env)
  const result = schema.safeParse(value)
  if (!result.success) faults.push(...fieldErrorsOf(result.error, value))
  faults.push(...checks(result.success ? result.data : validSections(schema, value)))
  // A reference that could not be read left an empty string behind: its own fault says it better than what follows.
  const all = faults.filter((fault, index) => faults.findIndex((other) => other.path === fault.path) === index)
  if (!result.success || all.length > 0) throw new ConfigurationError(file, all)
  return deepFreeze(result.data)
}

/** Sections that are valid although others are not, so that their mutual faults are told in the same run. */
function validSections<S extends z.ZodObject>(schema: S, value: unknown): Partial<z.output<S>> {
  if (value === null || typeof value !== 'object') return {}
  const valid = Object.entries(schema.shape).flatMap(([key, field]) => {
    const section = z.safeParse(field, Reflect.get(value, key))
    return section.success ? [[key, section.data]] : []
  })
  return Object.fromEntries(valid)
}

function parseYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true })
  if (document.errors.length > 0) {
    const faults = document.errors.map((error): FieldError => {
      const line = error.linePos?.[0].line
      return { path: line ? `line ${line}` : '', expected: 'YAML', got: error.code }
    })
    throw new ConfigurationError(file, faults)
  }
  return document.toJS({ maxAliasCount: 100 })
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) deepFreeze(item)
  }
  return value
}
