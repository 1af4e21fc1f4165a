import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml'
import type { z } from 'zod'
import type { FieldError } from './field-errors.ts'
import { childOf, fieldsOf, metadataOf, type Path } from './schema-walk.ts'

/**
 * Renames keys that have a previous name (`metadata.previousName`) in a parsed file, so that everything after it knows one
 * name only.
 * @param warn Called once for each previous name that is used, with a sentence
 * @returns An error for each key that is given under both names
 */
export function renameKeys(schema: z.ZodType, contents: unknown, warn: (message: string) => void): FieldError[] {
  const warned = new Set<string>()

  const renameIn = (map: YAMLMap, at: z.ZodType, path: Path): FieldError[] => {
    const nameOf = (key: unknown) => String(isScalar(key) ? key.value : key)
    const value = Object.fromEntries(
      map.items.map((pair) => [nameOf(pair.key), isScalar(pair.value) ? pair.value.value : pair.value]),
    )
    const errors = Object.entries(fieldsOf(at, value)).flatMap(([name, field]): FieldError[] => {
      const previous = metadataOf(field).previousName
      const pair = previous === undefined ? undefined : map.items.find(({ key }) => nameOf(key) === previous)
      if (previous === undefined || pair === undefined) return []
      if (map.has(name)) {
        const hint = `Remove \`${previous}\`, the previous name of \`${name}\`.`
        return [
          { path: [...path, previous].join('.'), expected: `only \`${name}\``, got: 'the key under both names', hint },
        ]
      }
      if (!warned.has(previous)) warn(warning([...path, previous].join('.'), name))
      warned.add(previous)
      if (isScalar(pair.key)) pair.key.value = name
      return []
    })
    const children = map.items.flatMap(({ key, value: child }) =>
      visit(child, childOf(at, nameOf(key), value), [...path, nameOf(key)]),
    )
    return [...errors, ...children]
  }
  const visit = (node: unknown, at: z.ZodType | undefined, path: Path): FieldError[] => {
    if (at === undefined) return []
    if (isMap(node)) return renameIn(node as YAMLMap, at, path)
    if (!isSeq(node)) return []
    return node.items.flatMap((item, index) =>
      visit(item, childOf(at, String(index), undefined), [...path, String(index)]),
    )
  }
  return visit(contents, schema, [])
}

const warning = (path: string, name: string) =>
  `${path} is now called ${name}. The previous name is accepted in this release only: rename the key.`
