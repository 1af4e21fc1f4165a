import { Command } from 'commander'
import { z } from 'zod'
import { configSchema } from '../gateway/config/schema.ts'

/** `schema`: the configuration as JSON Schema, for editors and for other tools' checks. */
export function schemaCommand(): Command {
  return new Command('schema').description('print the JSON Schema of the configuration').action(() => {
    console.log(JSON.stringify(configJsonSchema(), null, 2))
  })
}

export const configJsonSchema = () => z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
