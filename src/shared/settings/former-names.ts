import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml'
import type { z } from 'zod'
import type { FieldError } from './field-errors.ts'
import { childOf, fieldsOf, metadataOf, type Path } from './schema-walk.ts'

/**
 * Renames keys that have a former name (`metadata.formerName`) in a parsed file, so that everything after it knows one
 * name only.
 * @param warn Called once for each former name that is used, with a sentence
 * @returns An error for each key that is given under both names
 */
export function renameFormerKeys(schema: z.ZodType, contents: unknown, warn: (message: string) => void): FieldError[] {
  const warned = new Set<string>()

  const renameIn = (map: YAMLMap, at: z.ZodType, path: Path): FieldError[] => {
    const nameOf = (key: unknown) => String(isScalar(key) ? key.value : key)
    const value = Object.fromEntries(
      map.items.map((pair) => [nameOf(pair.key), isScalar(pair.value) ? pair.value.value : pair.value]),
    )
    const errors = Object.entries(fieldsOf(at, value)).flatMap(([name, field]): FieldError[] => {
      const former = metadataOf(field).formerName
      const pair = former === undefined ? undefined : map.items.find(({ key }) => nameOf(key) === former)
      if (former === undefined || pair === undefined) return []
      if (map.has(name)) {
        const hint = `Remove \`${former}\`, the former name of \`${name}\`.`
        return [
          { path: [...path, former].join('.'), expected: `only \`${name}\``, got: 'the key under both names', hint },
        ]
      }
      if (!warned.has(former)) warn(warning([...path, former].join('.'), name))
      warned.add(former)
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
  `${path} is now called ${name}. The former name is accepted in this release only: rename the key.`
