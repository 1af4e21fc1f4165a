import { Command } from 'commander'
import { configSchema } from '../gateway/config/schema.ts'
import { settingsJsonSchema } from '../shared/settings/json-schema.ts'

/** `schema`: the configuration as JSON Schema, for editors and for other tools' checks. */
export function schemaCommand(): Command {
  return new Command('schema').description('print the JSON Schema of the configuration').action(() => {
    console.log(JSON.stringify(configJsonSchema(), null, 2))
  })
}

export const configJsonSchema = () => settingsJsonSchema(configSchema)
