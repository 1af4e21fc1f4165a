import * as z from 'zod'
import { metadataOf } from './schema-walk.ts'

type Options = Pick<NonNullable<Parameters<typeof z.toJSONSchema>[1]>, 'target' | 'override'>

/** The JSON Schema of settings as a person writes them. Previous names of keys are in it, as deprecated. */
export function settingsJsonSchema(schema: z.ZodType, { override, ...options }: Options = {}) {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    ...options,
    override: (context) => {
      addPreviousNames(context.zodSchema, context.jsonSchema)
      override?.(context)
    },
  })
}

function addPreviousNames(schema: unknown, { properties }: z.core.JSONSchema.BaseSchema): void {
  if (!(schema instanceof z.ZodObject) || properties === undefined) return
  for (const [name, field] of Object.entries<z.ZodType>(schema.shape)) {
    const { renamed, replaced } = metadataOf(field)
    if (replaced) Object(properties[name]).deprecated = true
    if (renamed === undefined) continue
    const { default: _, ...current } = Object(properties[name])
    properties[renamed.from] = { ...current, deprecated: true, description: `Previous name of ${name}.` }
  }
}
