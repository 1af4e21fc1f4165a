import type * as z from 'zod'
import { childOf, fieldsOf, type Path, schemaAt, valueAt, variantsOf } from '../schema-walk.ts'
import { nearest } from './edit-distance.ts'
import { alternatives, list, literalsOf } from './expectations.ts'
import type { Finding } from './finding.ts'
import { isSecretKey } from './hidden-ranges.ts'

interface UnknownKeys {
  readonly parent: Path
  readonly keys: readonly string[]
}

interface Explained {
  readonly findings: readonly Finding[]
  /** Paths whose other errors are consequences of these mistakes. */
  readonly explains: readonly Path[]
}

/** Why keys are unknown: not indented below their section, indented too far, misspelt, in the wrong section, or invented. */
export function unknownKeys(schema: z.ZodType, unknown: readonly UnknownKeys[], value: unknown): Explained {
  const explained = unknown.flatMap(({ parent, keys }) => {
    const { outside, rest } = keysOfEmptySections(schema, parent, keys, value)
    return [...outside, ...rest.map((key) => explainKey(schema, parent, key, value))]
  })
  return {
    findings: explained.map(({ finding }) => finding),
    explains: explained.flatMap(({ explains }) => explains),
  }
}

interface Explanation {
  readonly finding: Finding
  readonly explains: readonly Path[]
}

/** A section without content, followed by its keys without indentation. */
function keysOfEmptySections(schema: z.ZodType, parent: Path, keys: readonly string[], value: unknown) {
  const entries = Object.entries(Object(valueAt(value, parent)))
  const owners = new Map<string, string[]>()
  let section: string | undefined
  for (const [key, content] of entries) {
    if (content === null && !keys.includes(key)) section = key
    const field = section === undefined ? undefined : schemaAt(schema, [...parent, section], value)
    if (section === undefined || !field || !keys.includes(key) || !childOf(field, key, undefined)) continue
    owners.set(section, [...(owners.get(section) ?? []), key])
  }
  const outside = [...owners].map(([name, own]): Explanation => {
    const path = [...parent, own[0] as string]
    const expected = `the keys of \`${name}\` indented below it`
    const got = `${list(own.map((key) => `\`${key}\``))} at the level of \`${name}\``
    const hint = `Indent the lines below \`${name}:\` by two spaces.`
    return { finding: { path, expected, got, hint, isKey: true }, explains: [[...parent, name]] }
  })
  const taken = [...owners.values()].flat()
  return { outside, rest: keys.filter((key) => !taken.includes(key)) }
}

function explainKey(schema: z.ZodType, parent: Path, key: string, value: unknown): Explanation {
  const path = [...parent, key]
  if (isSecretKey(schema, path, value)) return { finding: keyWithoutValue(parent), explains: [] }
  const at = schemaAt(schema, parent, value)
  const fields = at ? Object.keys(fieldsOf(at, valueAt(value, parent))) : []
  const present = Object.keys(Object(valueAt(value, parent)))
  const explain = (hint: string | undefined, explains: readonly Path[]): Explanation => {
    const expected = hint === undefined ? `one of ${alternatives(fields)}` : 'a known key'
    return { finding: { path, expected, got: `\`${key}\``, ...(hint && { hint }), isKey: true }, explains }
  }
  const above = ancestorWith(schema, parent, key, value)
  if (above) {
    const where = above.length === 0 ? 'at the top level' : `to \`${above.join('.')}\``
    return explain(`\`${key}\` belongs ${where}: indent it less.`, [[...above, key]])
  }
  const near = nearest(
    key,
    fields.filter((name) => !present.includes(name)),
  )
  if (near) return explain(`Did you mean \`${near}\`?`, [[...parent, near]])
  const variant = at && variantWith(at, key)
  if (variant) return explain(`\`${key}\` is a key of ${variant}.`, [])
  const section = sectionWith(schema, key, value)
  return section ? explain(`\`${key}\` belongs to \`${section}\`.`, [[section, key]]) : explain(undefined, [])
}

const keyWithoutValue = (path: Path): Finding => ({
  path,
  expected: 'keys with values',
  got: 'a key without a value (not shown)',
})

/** The nearest mapping around `parent` that has such a key, and does not have it yet. */
function ancestorWith(schema: z.ZodType, parent: Path, key: string, value: unknown): Path | undefined {
  for (let depth = parent.length - 1; depth >= 0; depth -= 1) {
    const path = parent.slice(0, depth)
    const at = schemaAt(schema, path, value)
    const known = at && childOf(at, key, valueAt(value, path)) && !/^\d+$/.test(parent[depth] ?? '')
    if (known && valueAt(value, [...path, key]) === undefined) return path
  }
  return undefined
}

/** E.g. `source: file`, for a key of another variant. */
function variantWith(union: z.ZodType, key: string): string | undefined {
  const variant = variantsOf(union).find((each) => Object.hasOwn(each.shape, key))
  const [literal] = Object.keys(variant?.shape ?? {}).filter((name) => literalsOf(union, name).length > 0)
  return variant && literal && `\`${literal}: ${literalOf(variant, literal)}\``
}

const literalOf = (variant: z.ZodObject, name: string) => [...(variant.shape[name] as z.ZodLiteral).values][0]

/** The only section with such a key. */
function sectionWith(schema: z.ZodType, key: string, value: unknown): string | undefined {
  const sections = Object.entries(fieldsOf(schema, value)).filter(([, section]) =>
    Object.hasOwn(fieldsOf(section, undefined), key),
  )
  return sections.length === 1 ? sections[0]?.[0] : undefined
}
