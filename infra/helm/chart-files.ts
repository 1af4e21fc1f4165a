import type { z } from 'zod'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { settingsJsonSchema } from '../../src/shared/settings/json-schema.ts'
import { valuesSchema } from './values.ts'

type Schema = Record<string, unknown> & { properties?: Record<string, Schema>; required?: string[]; pattern?: string }

/** A reference is read by the gateway, when it starts: until then it stands for a text of any form. */
const REFERENCE = '\\$\\{(env|file):'

/** What `values.yaml` and a person's values make together is judged by the templates, which name what is missing. */
const JUDGED_BY_TEMPLATES = ['server', 'issuer', 'session', 'access']

/**
 * `values.schema.json`: Helm refuses values that it does not know. `config` is the gateway's own schema, so a misspelt
 * key is refused before anything reaches the cluster. Draft 7 is what every Helm 3 and 4 reads.
 */
export function valuesJsonSchema(): string {
  const values = toSchema(valuesSchema)
  if (values.properties === undefined) throw new Error('the values are a mapping')
  values.properties.config = toConfigSchema()
  return `${JSON.stringify(values, null, 2)}\n`
}

function toConfigSchema(): Schema {
  const { $schema: _, required: _all, ...config } = toSchema(configSchema)
  for (const name of JUDGED_BY_TEMPLATES) delete config.properties?.[name]?.required
  delete config.properties?.routes?.minItems
  return config
}

const toSchema = (of: z.ZodType): Schema =>
  settingsJsonSchema(of, {
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      if (jsonSchema.pattern !== undefined) jsonSchema.pattern = `(${jsonSchema.pattern})|${REFERENCE}`
    },
  }) as Schema
