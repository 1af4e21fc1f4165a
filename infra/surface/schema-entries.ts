import type { Node } from '../docs/row.ts'
import { DEPRECATED, type Entry } from './entry.ts'

/** What a JSON Schema says of the values of a key, beside {@link Node}. */
interface Limits {
  allOf?: Node[]
  $ref?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}

/** Every key of a JSON Schema by its dotted path, with type, limits, default, and whether it is required. */
export function schemaEntries(kind: string, schema: object, top = ''): Entry[] {
  const facts = new Map<string, Set<string>>()
  visit(top, schema as Node, facts)
  return [...facts].map(([name, details]) => ({ kind, name, detail: [...details].join(' | ') }))
}

/** Variants of a mapping, such as those of `source`, share the names of their keys: the facts of all of them are kept. */
function visit(path: string, node: Node & Limits, facts: Map<string, Set<string>>): void {
  for (const variant of [...(node.oneOf ?? []), ...(node.anyOf ?? []), ...(node.allOf ?? [])])
    visit(path, variant, facts)
  if (node.items) visit(`${path}[]`, node.items, facts)
  if (typeof node.additionalProperties === 'object') visit(`${path}.*`, node.additionalProperties, facts)
  const required = new Set(node.required)
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const at = path === '' ? key : `${path}.${key}`
    const known = facts.get(at) ?? new Set()
    facts.set(at, known.add(factsOf(child, required.has(key))))
    visit(at, child, facts)
  }
}

function factsOf(node: Node, required: boolean): string {
  const isLeaf = !node.properties && node.default !== undefined
  const words = [
    typeOf(node),
    ...(required ? ['required'] : []),
    ...(isLeaf ? [`= ${JSON.stringify(node.default)}`] : []),
    ...(node.deprecated ? [DEPRECATED] : []),
  ]
  return words.filter((word) => word !== '').join(' ')
}

function typeOf(node: Node & Limits): string {
  const choices = node.enum ?? (node.const === undefined ? undefined : [node.const])
  if (choices) return choices.map((choice) => JSON.stringify(choice)).join(' or ')
  const variants = node.oneOf ?? node.anyOf
  if (variants) return [...new Set(variants.map(typeOf))].join(' or ')
  const least = withoutBound(node.minimum) ?? node.minLength ?? node.minItems
  const most = withoutBound(node.maximum) ?? node.maxLength ?? node.maxItems
  const range = least === undefined && most === undefined ? '' : ` ${least ?? ''}..${most ?? ''}`
  return `${node.type ?? node.$ref?.split('/').at(-1) ?? 'any'}${range}`
}

/** Zod gives every integer the bounds of what JavaScript counts exactly, which are no rule of ours. */
const withoutBound = (limit: number | undefined) =>
  limit !== undefined && Math.abs(limit) === Number.MAX_SAFE_INTEGER ? undefined : limit
