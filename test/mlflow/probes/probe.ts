import { randomBytes } from 'node:crypto'
import { ALPHA, BETA, type Door, type Reply } from '../lab.ts'
import type { Example } from './examples.ts'
import type { Kind, World } from './world.ts'

/** A request of a probe: whose identifier stands at which place. */
export type Owner = 'own' | 'carols' | 'nobodys'

/** Places of one example that get another's identifier: one place, or all of one kind, or all. */
export interface Variant {
  readonly example: Example
  /** Indices of placeholders in the order of `placesOf`. */
  readonly places: readonly number[]
  readonly name: string
}

/** Texts that a request needs and that identify nothing. */
const FRESH: Readonly<Record<string, () => string>> = { fresh: () => `fresh-${hex(16)}` }
/** New identifiers that clients choose, by the kind whose identifier they could be. */
const CHOSEN: Readonly<Record<string, Kind>> = {
  newTrace: 'trace',
  newAssessment: 'assessment',
  newIssue: 'issue',
  span: 'trace',
}
const NAMES = new Set(['metric', 'schemaName', 'queueName', 'serializedScorer'])

const ABSENT_WORKSPACE = '99999999-9999-4999-8999-999999999999'
const PLACE = /@([a-z][A-Za-z]*)/g
const hex = (length: number) => randomBytes(length).toString('hex').slice(0, length)

export interface Place {
  readonly placeholder: string
  /** Where it stands: `path`, a query or header name, or a path in the body. */
  readonly field: string
}

export function placesOf({ line, body, headers }: Example): Place[] {
  const places: Place[] = []
  const add = (text: string, field: string) => {
    for (const [, placeholder = ''] of text.matchAll(PLACE)) places.push({ placeholder, field })
  }
  const [path = '', query = ''] = line.split('?')
  add(path, 'path')
  for (const pair of query.split('&')) add(pair, `query.${pair.split('=')[0]}`)
  walk(body, 'body', add)
  walk(headers, 'header', add)
  return places
}

function walk(value: unknown, field: string, add: (text: string, field: string) => void): void {
  if (typeof value === 'string') add(value, field)
  else if (Array.isArray(value)) for (const item of value) walk(item, field, add)
  else if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value)) walk(item, `${field}.${name}`, add)
}

const isIdentifier = ({ placeholder }: Place) => !(placeholder in FRESH) && !NAMES.has(placeholder)

/** Each place by itself, and all of them together. */
export function variantsOf(example: Example): Variant[] {
  const places = placesOf(example)
  const identifiers = places.flatMap((place, index) => (isIdentifier(place) ? [index] : []))
  const single = identifiers.map((index) => ({ example, places: [index], name: (places[index] as Place).field }))
  return identifiers.length > 1 ? [...single, { example, places: identifiers, name: 'all' }] : single
}

/** Fills the placeholders of a variant and sends it. */
export async function send(door: Door, { example, places }: Variant, owner: Owner, own: World, carol: World) {
  const values: string[] = []
  // One identifier that nobody has, wherever the request repeats it.
  const absent = new Map<string, string>()
  for (const [index, { placeholder }] of placesOf(example).entries()) {
    values.push(await identifierFor(placeholder, places.includes(index) ? owner : 'own', own, carol, owner, absent))
  }
  let next = 0
  const fill = (text: string) => text.replace(PLACE, () => values[next++] as string)
  const [path = '', query] = example.line.split('?')
  const line =
    fill(path) + (query === undefined ? '' : `?${query.replace(PLACE, (place) => encodeURIComponent(fill(place)))}`)
  const body = example.body === undefined ? undefined : fillIn(example.body, fill)
  const headers = example.headers && (fillIn(example.headers, fill) as Record<string, string>)
  const reply = await door.ask(line, body as object, headers)
  return { line, body, reply, text: normalized(reply, values) }
}

function fillIn(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return value === '@span' ? span(fill(value)) : fill(value)
  if (Array.isArray(value)) return value.map((item) => fillIn(item, fill))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fillIn(item, fill)]))
}

const span = (trace: string) => ({
  ...{ traceId: trace.slice(3), spanId: hex(16), name: 'of a probe' },
  ...{ startTimeUnixNano: '1795359600000000000', endTimeUnixNano: '1795359601000000000' },
})

async function identifierFor(
  placeholder: string,
  owner: Owner,
  own: World,
  carol: World,
  overall: Owner,
  absent: Map<string, string>,
): Promise<string> {
  const fresh = FRESH[placeholder]
  if (fresh) return fresh()
  if (placeholder === 'serializedScorer')
    return JSON.stringify({
      name: 'made-by-a-probe',
      builtin_scorer_class: 'Safety',
      builtin_scorer_pydantic_data: {},
      mlflow_version: '3.17.2',
      serialization_version: 1,
    })
  if (placeholder === 'workspace') return owner === 'own' ? ALPHA : owner === 'carols' ? BETA : ABSENT_WORKSPACE
  // A name that belongs to carol's object is known to whoever tries to reach it.
  if (NAMES.has(placeholder)) return (overall === 'own' ? own : carol).get(placeholder as Kind)
  const kind = CHOSEN[placeholder] ?? (placeholder as Kind)
  if (owner === 'own') return placeholder in CHOSEN ? scrambled(await carol.get(kind)) : own.get(kind)
  const hers = await carol.get(kind)
  if (owner === 'carols') return hers
  const known = absent.get(hers) ?? scrambled(hers)
  absent.set(hers, known)
  return known
}

/** An identifier of the same form that belongs to nobody. */
export function scrambled(id: string): string {
  if (/^\d+$/.test(id)) return '987654321'
  const digits = id.replace(/[0-9a-f]{6,}/g, (run) => hex(run.length))
  return digits === id ? `${id}-${hex(4)}` : digits
}

/** What a reply says, without what differs from one request to the next. */
function normalized({ status, text }: Reply, values: readonly string[]): string {
  let plain = text
  for (const value of [...values].sort((a, b) => b.length - a.length)) {
    // A number may also be a part of another identifier.
    if (/\D/.test(value)) plain = plain.replaceAll(value, '#')
    else plain = plain.replaceAll(new RegExp(`(?<![0-9a-zA-Z-])${value}(?![0-9a-zA-Z-])`, 'g'), '#')
  }
  plain = plain
    .replace(/\s+/g, ' ')
    .replace(/"request_id": ?"[^"]*"/g, '"request_id":"…"')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '#')
    .replace(/[0-9a-f]{16,}/g, '#')
    .replace(/\d+/g, '#')
  return `${status} ${plain}`
}
