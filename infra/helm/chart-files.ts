import type * as z from 'zod'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { settingsJsonSchema } from '../../src/shared/settings/json-schema.ts'
import { valuesSchema } from './values.ts'

type Schema = Record<string, unknown> & { properties?: Record<string, Schema>; required?: string[]; pattern?: string }

/** The gateway resolves references when it starts. Until then, a reference is valid in place of any text. */
const REFERENCE = '\\$\\{(env|file):'

/** Only the templates see the merged values, so they report which of these keys are missing. */
const REQUIRED_BY_TEMPLATES = ['server', 'issuer', 'session', 'access']

/**
 * `values.schema.json`: Helm rejects unknown values. `config` is the gateway's own schema, so a misspelled key is rejected
 * before anything reaches the cluster. Every Helm 3 and 4 reads Draft 7.
 */
export function valuesJsonSchema(): string {
  const values = toSchema(valuesSchema)
  if (values.properties === undefined) throw new Error('values: expected a mapping')
  values.properties.config = toConfigSchema()
  return `${JSON.stringify(values, null, 2)}\n`
}

function toConfigSchema(): Schema {
  const { $schema: _, required: _all, ...config } = toSchema(configSchema)
  for (const name of REQUIRED_BY_TEMPLATES) delete config.properties?.[name]?.required
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
