import * as z from 'zod'
import { type FieldMetadata, metadata } from './metadata.ts'

/** Keys of mappings and indexes of lists. */
export type Path = readonly string[]

function inner(schema: z.ZodType): z.ZodType | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  )
    return schema.unwrap() as z.ZodType
  return schema instanceof z.ZodPipe ? (schema.in as z.ZodType) : undefined
}

/** The schema inside defaults, `optional` and transformations. */
export function unwrap(schema: z.ZodType): z.ZodType {
  const within = inner(schema)
  return within === undefined ? schema : unwrap(within)
}

const known = new WeakMap<z.ZodType, FieldMetadata>()

/** The metadata of a schema and of those that it wraps. */
export function metadataOf(schema: z.ZodType): FieldMetadata {
  const found = known.get(schema)
  if (found !== undefined) return found
  const within = inner(schema)
  const merged = { ...(within && metadataOf(within)), ...metadata.get(schema) }
  known.set(schema, merged)
  return merged
}

/** The keys that a mapping may have. Of several variants the one that `value` selects, else all of them. */
export function fieldsOf(schema: z.ZodType, value: unknown): Readonly<Record<string, z.ZodType>> {
  const bare = unwrap(schema)
  if (bare instanceof z.ZodObject) return bare.shape
  const variants = variantsOf(bare)
  const selected = variants.find((variant) => isSelected(variant, value))
  return selected?.shape ?? Object.assign({}, ...variants.map((variant) => variant.shape))
}

/** The alternative mappings of a union. */
export function variantsOf(schema: z.ZodType): readonly z.ZodObject[] {
  const bare = unwrap(schema)
  return bare instanceof z.ZodUnion ? bare.options.filter((option) => option instanceof z.ZodObject) : []
}

/** Whether the literals of a variant, such as `source: file`, are those of the value. */
function isSelected(variant: z.ZodObject, value: unknown): boolean {
  return Object.entries<z.ZodType>(variant.shape).every(
    ([key, field]) => !(field instanceof z.ZodLiteral) || field.values.has(valueAt(value, [key]) as string),
  )
}

/** The schema of an entry of a mapping or list; undefined for a key that is not known. */
export function childOf(schema: z.ZodType, key: string, value: unknown): z.ZodType | undefined {
  const bare = unwrap(schema)
  if (bare instanceof z.ZodArray) return bare.element as z.ZodType
  if (bare instanceof z.ZodRecord) return bare.valueType as z.ZodType
  const fields = fieldsOf(bare, value)
  return Object.hasOwn(fields, key) ? fields[key] : undefined
}

export function schemaAt(schema: z.ZodType, path: Path, value: unknown): z.ZodType | undefined {
  const [key, ...rest] = path
  if (key === undefined) return schema
  const child = childOf(schema, key, value)
  return child && schemaAt(child, rest, valueAt(value, [key]))
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => {
    if (node === null || typeof node !== 'object' || !Object.hasOwn(node, key)) return undefined
    return Reflect.get(node, key)
  }, value)
}
