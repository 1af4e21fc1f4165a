import * as z from 'zod'
import type { Position } from '../field-errors.ts'
import { childOf, fieldsOf, metadataOf, type Path, schemaAt, unwrap, valueAt, variantsOf } from '../schema-walk.ts'
import type { SettingsDocument } from '../settings-document.ts'
import { isSecretName, mayContainCredentials } from './describe-value.ts'
import type { Range } from './excerpt.ts'

const REFERENCE_ONLY = /^["']?\$\{(env|file):[^{}]*\}["']?$/

/**
 * Whether a value at this path may contain a secret. A key that is not known may be a misspelt secret, and a plain value in
 * place of a mapping may be the secret that belongs into it.
 */
export function isSecretPath(schema: z.ZodType, path: Path, value: unknown): boolean {
  const field = schemaAt(schema, path, value)
  if (field === undefined || isSecretName(path.join('.'))) return true
  if (isContainer(field) && Object(valueAt(value, path)) !== valueAt(value, path)) return true
  return path.some((_, depth) => {
    const on = schemaAt(schema, path.slice(0, depth + 1), value)
    return on !== undefined && metadataOf(on).secret === true
  })
}

/** Whether a key may itself be a secret: one without a value, such as `{ hunter2 }`, where secrets belong. */
export function isSecretKey(schema: z.ZodType, path: Path, value: unknown): boolean {
  const above = path.slice(0, -1)
  const on = schemaAt(schema, above, value)
  const isKnown = schemaAt(schema, path, value) !== undefined && !(on && unwrap(on) instanceof z.ZodArray)
  if (isKnown || valueAt(value, path) !== null) return false
  return above.length > 0 && (on === undefined || isSecretPath(schema, above, value) || containsSecrets(on))
}

const isContainer = (schema: z.ZodType): boolean => {
  const bare = unwrap(schema)
  const isCollection = bare instanceof z.ZodArray || bare instanceof z.ZodRecord
  return isCollection || bare instanceof z.ZodObject || variantsOf(bare).length > 0
}

function containsSecrets(schema: z.ZodType): boolean {
  const bare = unwrap(schema)
  if (metadataOf(schema).secret === true) return true
  const entry = bare instanceof z.ZodArray || bare instanceof z.ZodRecord ? childOf(bare, '0', undefined) : undefined
  if (entry !== undefined) return containsSecrets(entry)
  const fields = isContainer(bare) ? Object.entries(fieldsOf(bare, undefined)) : []
  return fields.some(([name, field]) => isSecretName(name) || containsSecrets(field))
}

/** Whether a key is in a mapping that stands where a secret belongs, such as `clientSecret: { hunter2: x }`. */
const isWithinSecret = (schema: z.ZodType, path: Path, value: unknown): boolean =>
  path.slice(1).some((_, depth) => {
    const above = path.slice(0, depth + 1)
    const field = schemaAt(schema, above, value)
    return field !== undefined && !isContainer(field) && isSecretPath(schema, above, value)
  })

/** What an excerpt of a readable file must not show: values that may be secret, URLs with a password, and comments. */
export function hiddenRanges(document: SettingsDocument, schema: z.ZodType, value: unknown): Range[] {
  const spans = document.spans()
  const values = spans.filter(({ isKey, isCollection, path, start, end }) => {
    const source = document.text.slice(start, end)
    if (isKey) return isCollection || isSecretKey(schema, path, value) || isWithinSecret(schema, path, value)
    if (REFERENCE_ONLY.test(source)) return false
    return isSecretPath(schema, path, value) || mayContainCredentials(source)
  })
  return [...values, ...comments(document.text, spans)]
}

function comments(text: string, spans: readonly Range[]): Range[] {
  const isInValue = (at: number) => spans.some(({ start, end }) => start <= at && at < end)
  return [...text.matchAll(/(?<=^|\s)#.*$/gm)]
    .filter(({ index }) => !isInValue(index))
    .map(({ index, 0: comment }) => ({ start: index, end: index + comment.length }))
}

const FIRST_WORD = /^\s*(?:- )*(?:\{ *)?["']?([\w-]+)["']?/
const KEYS = /([\w-]+)["']?\s*[:=](?=\s|$)/g

/**
 * The same for a file that cannot be parsed, where nothing tells which value belongs to which key: the line is shown if
 * all of its keys are known and never secret, else only up to the end of its first key.
 */
export function hiddenInBrokenLine(text: string, { line }: Position, schema: z.ZodType): Range[] {
  const lines = text.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  const source = lines[line - 1] ?? ''
  const names = publicNames(schema)
  const [first = '', name = ''] = FIRST_WORD.exec(source) ?? []
  const keys = [...source.matchAll(KEYS)].map(([, key = '']) => key)
  const isKnown = names.has(name) && keys.every((key) => names.has(key))
  if (!/\w/.test(source) || (isKnown && !isSecretName(source) && !/[@#]/.test(source))) return []
  const rest = source.slice(first.length)
  const colon = /^["']?\s*:(?:\s+|$)/.exec(rest)
  const from = colon ? first.length + colon[0].length : 0
  const shown = Math.max(from, /^\s*/.exec(source)?.[0].length ?? 0)
  return shown < source.length ? [{ start: start + shown, end: start + source.length }] : []
}

/** Names of keys whose values are never secret, wherever they are. */
function publicNames(schema: z.ZodType): ReadonlySet<string> {
  const names = new Map<string, boolean>()
  const visit = (at: z.ZodType) => {
    const bare = unwrap(at)
    if (bare instanceof z.ZodArray || bare instanceof z.ZodRecord) {
      const entry = childOf(bare, '0', undefined)
      if (entry !== undefined) visit(entry)
    }
    const mappings = bare instanceof z.ZodObject ? [bare] : variantsOf(bare)
    for (const mapping of mappings) {
      for (const [name, field] of Object.entries(fieldsOf(mapping, undefined))) {
        const isPublic = !isSecretName(name) && metadataOf(field).secret !== true
        names.set(name, isPublic && names.get(name) !== false)
        visit(field)
      }
    }
  }
  visit(schema)
  return new Set([...names].filter(([, isPublic]) => isPublic).map(([name]) => name))
}
