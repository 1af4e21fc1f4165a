import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml'
import type * as z from 'zod'
import type { Finding } from './errors/finding.ts'
import { childOf, fieldsOf, metadataOf, type Path } from './schema-walk.ts'

/**
 * Renames keys that have a previous name (`metadata.previousName`) in a parsed file, so that everything after it knows one
 * name only.
 * @param warn Called once for each previous name that is used, with a sentence
 * @returns A finding for each key that is given under both names
 */
export function renameKeys(schema: z.ZodType, contents: unknown, warn: (message: string) => void): Finding[] {
  const warned = new Set<string>()
  const warnOnce = (path: Path, name: string) => {
    const previous = path.at(-1) ?? ''
    if (!warned.has(previous)) warn(warning(path.join('.'), name))
    warned.add(previous)
  }
  const visit = (node: unknown, at: z.ZodType | undefined, path: Path): Finding[] => {
    if (at === undefined) return []
    if (isSeq(node)) {
      const entry = childOf(at, '0', undefined)
      return node.items.flatMap((item, index) => visit(item, entry, [...path, String(index)]))
    }
    if (!isMap(node)) return []
    const map = node as YAMLMap
    const findings = renameIn(map, at, path, warnOnce)
    const value = scalarsOf(map)
    const children = map.items.flatMap(({ key, value: child }) =>
      visit(child, childOf(at, nameOf(key), value), [...path, nameOf(key)]),
    )
    return [...findings, ...children]
  }
  return visit(contents, schema, [])
}

function renameIn(map: YAMLMap, at: z.ZodType, path: Path, warn: (path: Path, name: string) => void): Finding[] {
  return Object.entries(fieldsOf(at, scalarsOf(map))).flatMap(([name, field]): Finding[] => {
    const { previousName } = metadataOf(field)
    const key = previousName && map.items.map((pair) => pair.key).find((each) => nameOf(each) === previousName)
    if (!previousName || !isScalar(key)) return []
    const previousPath = [...path, previousName]
    if (map.has(name)) {
      const hint = `Remove \`${previousName}\`, the previous name of \`${name}\`.`
      return [{ path: previousPath, expected: `only \`${name}\``, got: 'the key under both names', hint, isKey: true }]
    }
    warn(previousPath, name)
    key.value = name
    return []
  })
}

const nameOf = (key: unknown) => String(isScalar(key) ? key.value : key)

/** The plain values of a mapping, which select among the variants of a schema. */
const scalarsOf = (map: YAMLMap) =>
  Object.fromEntries(map.items.map(({ key, value }) => [nameOf(key), isScalar(value) ? value.value : value]))

const warning = (path: string, name: string) =>
  `${path} is now called ${name}. The previous name is accepted in this release only: rename the key.`
