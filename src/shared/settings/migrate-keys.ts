import { isDeepStrictEqual } from 'node:util'
import { type Document, type Node, parseDocument } from 'yaml'
import type * as z from 'zod'
import { parseFile, settingsError } from './load-settings.ts'
import { type OutdatedKey, outdatedKeys } from './renamed-keys.ts'

/** A part of a text that is replaced: offsets of its first character and of the one after its last. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export interface Migration {
  /** In the order of the file. Empty: every key has its current name. */
  readonly edits: readonly Edit[]
  readonly text: string
}

/** The library would print a mapping or a list that is a key, which may be a secret. */
const QUIET = { logLevel: 'error' } as const

/** The text cannot be changed without changing what it means, or how could not be found out. */
export class MigrationFailed extends Error {}

/**
 * The file with the current names of its keys. Only outdated keys change: comments, order, quotes, spaces and references
 * such as `${env:NAME}` stay as they are.
 * @throws ConfigurationError for invalid YAML, and for a key that is given under both names with different values
 * @throws MigrationFailed
 */
export function migrateKeys(schema: z.ZodType, text: string, file: string): Migration {
  parseFile(schema, text, file)
  const document = parseDocument(text, QUIET)
  const outdated = outdatedKeys(schema, document.contents)
  const conflicts = outdated.filter((key) => isConflict(key, document))
  if (conflicts.length > 0) throw settingsError(schema, text, file, conflicts.map(conflictError))
  const edits = outdated.map((key) => editOf(key, text))
  const migrated = applyEdits(text, edits)
  for (const key of outdated) renameIn(key)
  if (!isDeepStrictEqual(toValue(parseDocument(migrated, QUIET)), toValue(document)))
    throw new MigrationFailed(`${file}: the keys cannot be renamed without changing their values`)
  return { edits, text: migrated }
}

const toValue = (document: Document): unknown =>
  document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 })

/** Names that the mapping has already: of a renamed key its current one, of a replaced one any that it is replaced by. */
const presentNames = ({ map, names }: OutdatedKey) => names.filter((name) => map.has(name))

function isConflict(key: OutdatedKey, document: Document): boolean {
  const under = (name: unknown) => (key.map.get(name, true) as Node | undefined)?.toJS(document) as unknown
  return presentNames(key).some((name) => key.names.length > 1 || !isDeepStrictEqual(under(name), under(key.key)))
}

function conflictError(key: OutdatedKey) {
  const present = presentNames(key).join(', ')
  const previous = key.path.at(-1) ?? ''
  return {
    path: key.path.join('.'),
    expected: `only ${key.names.join(', ')}`,
    got: `${previous} next to ${present}, with a value of its own`,
    hint: `Decide which value counts, and remove \`${previous}\`.`,
  }
}

/** The same change in the parsed file: what the new text must mean. */
function renameIn({ map, key, names }: OutdatedKey): void {
  const value = map.get(key, true)
  const missing = names.filter((name) => !map.has(name))
  map.delete(key)
  for (const name of missing) map.set(name, value)
}

function editOf(outdated: OutdatedKey, text: string): Edit {
  const { map, key, names } = outdated
  const pair = map.items.find((each) => each.key === key)
  const [start = 0, keyEnd = 0] = key.range ?? []
  const [, valueEnd = keyEnd] = (pair?.value as Node | null)?.range ?? []
  const end = keyEnd + text.slice(keyEnd, valueEnd).trimEnd().length
  if (presentNames(outdated).length > 0) return { ...pairRange(start, end, map.flow === true, text), text: '' }
  if (names.length === 1) return { start, end: keyEnd, text: names[0] ?? '' }
  const column = start - (text.lastIndexOf('\n', start - 1) + 1)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const separator = map.flow ? ', ' : `${newline}${' '.repeat(column)}`
  return { start, end, text: names.map((name) => name + text.slice(keyEnd, end)).join(separator) }
}

/** A pair with what separates it from its neighbours: a comma of `{ … }`, otherwise its lines. */
function pairRange(start: number, end: number, isFlow: boolean, text: string): Pick<Edit, 'start' | 'end'> {
  if (!isFlow) {
    const lineEnd = text.indexOf('\n', end)
    return { start: text.lastIndexOf('\n', start - 1) + 1, end: lineEnd < 0 ? text.length : lineEnd + 1 }
  }
  const [after = ''] = /^\s*,\s*/.exec(text.slice(end)) ?? []
  if (after !== '') return { start, end: end + after.length }
  const [before = ''] = /,\s*$/.exec(text.slice(0, start)) ?? []
  return { start: start - before.length, end }
}

const applyEdits = (text: string, edits: readonly Edit[]): string =>
  [...edits]
    .reverse()
    .reduce((changed, edit) => changed.slice(0, edit.start) + edit.text + changed.slice(edit.end), text)
