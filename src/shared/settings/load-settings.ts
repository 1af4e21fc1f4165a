import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { excerpt } from './errors/excerpt.ts'
import type { Finding } from './errors/finding.ts'
import { hiddenInBrokenLine, hiddenRanges } from './errors/hidden-ranges.ts'
import { inOrder, locate } from './errors/locate.ts'
import { schemaFindings } from './errors/schema-errors.ts'
import { ConfigurationError, type FieldError, type Position } from './field-errors.ts'
import { type Interpolated, interpolate } from './interpolate.ts'
import { placeholderFor } from './placeholders.ts'
import { resolvePaths } from './relative-paths.ts'
import { renameKeys } from './renamed-keys.ts'
import { type Path, schemaAt } from './schema-walk.ts'
import { SettingsDocument } from './settings-document.ts'

/** An error that no single field can show. */
export interface CheckError extends Omit<FieldError, 'got' | 'position'> {
  /** Absent: a description of the value at `path`, without secrets. */
  readonly got?: string
  /** Other keys that the error is about, as dotted paths. */
  readonly dependsOn?: readonly string[]
}

export interface SettingsRules<S extends z.ZodType> {
  readonly schema: S
  /** Errors that no single field can show, over the sections that are valid by themselves. */
  readonly checks: (valid: Partial<z.output<S>>) => CheckError[]
  /** False: `${env:NAME}` and `${file:PATH}` are ordinary text. */
  readonly references?: boolean
}

export interface LoadOptions {
  /** Called for each key that is used by its previous name, and for what is valid and doubtful. */
  readonly warn?: (message: string) => void
  /** Accept variables that are not set and files that cannot be read: for checks where there are no secrets. */
  readonly withoutSecrets?: boolean
  /** Called for each `${file:PATH}` that was read. @param key Dotted path of the key */
  readonly onFile?: (key: string, file: string) => void
}

/**
 * Any settings of ours, by their schema: YAML, previous names, references, fields, checks across fields, relative paths.
 * @param file Names the text in messages, and relative paths start at its folder
 * @throws ConfigurationError with all errors
 */
export function parseSettings<S extends z.ZodType>(
  { schema, checks, references = true }: SettingsRules<S>,
  text: string,
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  { warn, withoutSecrets = false, onFile }: LoadOptions = {},
): z.output<S> {
  const folder = dirname(resolve(file))
  const { document, raw, renamed } = openDocument(schema, text, file, warn)
  const placeholder = (value: string, path: Path) => placeholderFor(schemaAt(schema, path, raw), value)
  const read = references
    ? interpolate(raw, { folder, env, ...(withoutSecrets && { placeholder }), onFile })
    : withoutReferences(raw)
  const result = schema.safeParse(read.value)
  const valid: unknown = result.success ? result.data : validParts(schema, read.value)
  const findings = [
    ...renamed,
    ...read.errors.map(findingOf),
    ...(result.success ? [] : schemaFindings(schema, result.error, read)),
    ...withoutMissing(checks(valid as Partial<z.output<S>>), read.missing).map(findingOf),
  ]
  if (!result.success || findings.length > 0) throw errorOf(findings, { schema, document, file, read })
  return deepFreeze(resolvePaths(schema, result.data, folder))
}

/** An error for settings that are valid, with the places of its errors in the file. */
export function settingsError(
  schema: z.ZodType,
  text: string,
  file: string,
  errors: readonly CheckError[],
): ConfigurationError {
  const { document, raw } = openDocument(schema, text, file)
  return errorOf(errors.map(findingOf), { schema, document, file, read: withoutReferences(raw) })
}

const findingOf = ({ path, ...error }: CheckError): Finding => ({ ...error, path: path === '' ? [] : path.split('.') })

const withoutReferences = (raw: unknown): Interpolated => ({
  value: raw,
  errors: [],
  references: new Map(),
  missing: new Set(),
})

interface Opened {
  readonly schema: z.ZodType
  readonly document: SettingsDocument
  readonly file: string
  readonly read: Interpolated
}

function errorOf(findings: readonly Finding[], { schema, document, file, read }: Opened): ConfigurationError {
  const errors = findings.map((finding) => locate(finding, schema, document, read))
  const hidden = hiddenRanges(document, schema, document.toValue())
  return new ConfigurationError(file, inOrder(errors), (position) => excerpt(document.text, position, hidden))
}

/** The file with the current names of its keys, and as a value. @throws ConfigurationError */
function openDocument(schema: z.ZodType, text: string, file: string, warn: LoadOptions['warn'] = () => undefined) {
  const document = parseFile(schema, text, file)
  const renamed = renameKeys(schema, document.contents, warn)
  return { document, renamed, raw: toValue(document, file) }
}

/** The file, if it is valid YAML. @throws ConfigurationError */
export function parseFile(schema: z.ZodType, text: string, file: string): SettingsDocument {
  const document = new SettingsDocument(text)
  if (document.errors.length === 0) return document
  const hidden = (position: Position) =>
    document.isParsed ? hiddenRanges(document, schema, undefined) : hiddenInBrokenLine(text, position, schema)
  throw new ConfigurationError(file, document.errors, (position) => excerpt(text, position, hidden(position)))
}

function toValue(document: SettingsDocument, file: string): unknown {
  try {
    return document.toValue()
  } catch {
    throw new ConfigurationError(file, [{ path: '', expected: 'at most 100 uses of aliases', got: 'more' }])
  }
}

/** What depends on a value that is not available cannot be checked. */
const withoutMissing = (errors: readonly CheckError[], missing: ReadonlySet<string>) =>
  errors.filter(({ path, dependsOn = [] }) => ![path, ...dependsOn].some((each) => missing.has(each)))

/** Sections, or entries of a list, that are valid although others are not: their checks are reported with the rest. */
function validParts(schema: z.ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodArray) {
    const element = schema.element as z.ZodType
    return Array.isArray(value) ? value.map((item) => element.safeParse(item).data) : []
  }
  if (!(schema instanceof z.ZodObject) || value === null || typeof value !== 'object') return {}
  const valid = Object.entries<z.ZodType>(schema.shape).flatMap(([key, field]) => {
    const section = field.safeParse(Reflect.get(value, key))
    return section.success ? [[key, section.data]] : []
  })
  return Object.fromEntries(valid)
}

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) deepFreeze(item)
  }
  return value
}
