import { isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml'
import type * as z from 'zod'
import type { Finding } from './errors/finding.ts'
import type { FieldMetadata } from './metadata.ts'
import { childOf, fieldsOf, metadataOf, type Path } from './schema-walk.ts'

/** A key of a file that has a previous name, or that others replace. */
export interface OutdatedKey {
  readonly path: Path
  /** The mapping that it is in. */
  readonly map: YAMLMap
  readonly key: Scalar
  /** Current names: one, or those that replace it together. */
  readonly names: readonly string[]
  /** The first version that rejects the key. */
  readonly removedIn: string
}

/** Every outdated key of a parsed file, by the metadata of its schema, in the order of the file. */
export function outdatedKeys(schema: z.ZodType, contents: unknown): OutdatedKey[] {
  const visit = (node: unknown, at: z.ZodType | undefined, path: Path): OutdatedKey[] => {
    if (at === undefined) return []
    if (isSeq(node)) {
      const entry = childOf(at, '0', undefined)
      return node.items.flatMap((item, index) => visit(item, entry, [...path, String(index)]))
    }
    if (!isMap(node)) return []
    const map = node as YAMLMap
    const value = scalarsOf(map)
    const fields = Object.entries(fieldsOf(at, value))
    return map.items.flatMap(({ key, value: child }) => {
      const name = nameOf(key)
      const outdated = fields.flatMap(([current, field]) => outdatedBy(current, metadataOf(field), name))
      const below = [...path, name]
      const own = isScalar(key) ? outdated.map((each) => ({ path: below, map, key, ...each })) : []
      return [...own, ...visit(child, childOf(at, outdated[0]?.names[0] ?? name, value), below)]
    })
  }
  return visit(contents, schema, [])
}

/** What the metadata of the key `current` says of `name`. */
function outdatedBy(current: string, { renamed, replaced }: FieldMetadata, name: string) {
  if (renamed?.from === name) return [{ names: [current], removedIn: renamed.removedIn }]
  if (replaced && current === name) return [{ names: replaced.by, removedIn: replaced.removedIn }]
  return []
}

/**
 * Renames keys that have a previous name in a parsed file, so that everything after it knows one name only.
 * @param warn Called once for each previous name that is used, with a sentence
 * @returns A finding for each key that is given under both names
 */
export function renameKeys(schema: z.ZodType, contents: unknown, warn: (message: string) => void): Finding[] {
  const warned = new Set<string>()
  return outdatedKeys(schema, contents).flatMap(({ path, map, key, names, removedIn }): Finding[] => {
    const [name = '', another] = names
    const previous = nameOf(key)
    if (another !== undefined) return [] // the service itself reads a key that others replace
    if (map.has(name)) {
      const hint = `Remove \`${previous}\`, the previous name of \`${name}\`.`
      return [{ path, expected: `only \`${name}\``, got: 'the key under both names', hint, isKey: true }]
    }
    if (!warned.has(previous)) warn(warning(path.join('.'), name, removedIn))
    warned.add(previous)
    key.value = name
    return []
  })
}

const nameOf = (key: unknown) => String(isScalar(key) ? key.value : key)

/** The plain values of a mapping, which select among the variants of a schema. */
const scalarsOf = (map: YAMLMap) =>
  Object.fromEntries(map.items.map(({ key, value }) => [nameOf(key), isScalar(value) ? value.value : value]))

const warning = (path: string, name: string, removedIn: string) =>
  `${path} is now called ${name}. The previous name is accepted before ${removedIn}: \`modelops-gateway config migrate\` renames it.`
