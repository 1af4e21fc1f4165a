import * as z from 'zod'
import type { Interpolated } from '../interpolate.ts'
import { type Path, schemaAt, unwrap, valueAt } from '../schema-walk.ts'
import { nearest } from './edit-distance.ts'
import { alternatives, expectationOf, literalsOf, statedIn } from './expectations.ts'
import type { Finding } from './finding.ts'
import { unknownKeys } from './unknown-keys.ts'

/**
 * The mistakes that schema issues point to: one finding for each mistake, although a misspelt key is both unknown and
 * missing, and a section without indentation makes all of its keys unknown.
 */
export function schemaFindings(schema: z.ZodType, error: z.ZodError, read: Interpolated): Finding[] {
  const unknown = error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? [{ parent: issue.path.map(String), keys: issue.keys }] : [],
  )
  const others = error.issues
    .filter(({ code }) => code !== 'unrecognized_keys')
    .map((issue) => findingOf(schema, issue, read))
  const { findings, explains } = unknownKeys(schema, unknown, read.value)
  return [...findings, ...others.filter(({ path }) => !explains.some((prefix) => isWithin(path, prefix)))]
}

const isWithin = (path: Path, prefix: Path) => prefix.every((key, index) => path[index] === key)

function findingOf(schema: z.ZodType, issue: z.core.$ZodIssue, { value, references }: Interpolated): Finding {
  const path = issue.path.map(String)
  const name = path.at(-1) ?? ''
  const got = valueAt(value, path)
  if (issue.code === 'invalid_key') return { path, expected: keyExpectation(issue), isKey: true, got: 'another key' }
  const parent = schemaAt(schema, path.slice(0, -1), value)
  const literals = parent ? literalsOf(parent, name) : []
  const field = literals.length > 0 ? z.enum(literals) : schemaAt(schema, path, value)
  const stated = issue.code === 'invalid_type' ? undefined : statedIn(issue.message)
  const expected = stated ?? (field ? expectationOf(field, name) : alternatives(['another value']))
  // A message of the schema about one value names the right one. A guess beside it would contradict it.
  const namesTheValue = stated !== undefined && field !== undefined && unwrap(field) instanceof z.ZodEnum
  const guess = namesTheValue ? undefined : hintFor(field, got, name)
  const hint = references.has(path.join('.')) ? hintForReference(field) : guess
  return { path, expected, ...(hint !== undefined && { hint }) }
}

function keyExpectation(issue: Extract<z.core.$ZodIssue, { code: 'invalid_key' }>): string {
  return statedIn(issue.issues[0]?.message) ?? 'another key'
}

/** Says nothing about the value, which is not for this screen. */
function hintForReference(schema: z.ZodType | undefined): string | undefined {
  const field = schema && unwrap(schema)
  if (field instanceof z.ZodString) return 'Check the value that the reference stands for.'
  if (field instanceof z.ZodArray) return 'Write a list, also for one entry: ["${env:NAME}"].'
  return 'A reference always stands for text. Write the value itself.'
}

/** What to do about a value of the wrong kind. */
function hintFor(schema: z.ZodType | undefined, got: unknown, name: string): string | undefined {
  if (got === undefined) return name === '' ? undefined : `Add \`${name}\`.`
  const field = schema && unwrap(schema)
  if (got === null && name !== '') {
    const isMapping = field instanceof z.ZodObject || field instanceof z.ZodUnion
    return isMapping ? `Add the keys of \`${name}\` below it, indented by two spaces.` : 'Add a value after the colon.'
  }
  if (field instanceof z.ZodEnum && typeof got === 'string') {
    const near = nearest(got, field.options.map(String))
    return near && `Did you mean \`${near}\`?`
  }
  if (
    field instanceof z.ZodString &&
    (typeof got === 'number' || typeof got === 'boolean') &&
    field.safeParse(String(got)).success
  )
    return 'Put the value in quotes.'
  if (field instanceof z.ZodArray && typeof got !== 'object') return 'Write a list, also for one entry: [VALUE].'
  if (field instanceof z.ZodNumber && typeof got === 'string') return numberHint(field, got)
  if (field instanceof z.ZodBoolean && typeof got === 'string') return 'Write true or false, without quotes.'
  const withScheme = `https://${got}`
  if (
    field instanceof z.ZodString &&
    typeof got === 'string' &&
    !got.includes('://') &&
    field.safeParse(withScheme).success &&
    isHost(got)
  )
    return 'Start the value with https:// or http://.'
  return undefined
}

const isHost = (text: string) => /^[\w.-]+(:\d+)?(\/.*)?$/.test(text)

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 }

function numberHint(field: z.ZodNumber, text: string): string {
  const [, digits, unit] = /^(\d+) ?(s|m|min|h|d)$/.exec(text) ?? []
  const seconds = Number(digits) * (SECONDS[unit ?? ''] ?? Number.NaN)
  if (field.safeParse(seconds).success) return `Write the number without a unit: ${seconds}.`
  return 'Write a number, without quotes and unit.'
}
