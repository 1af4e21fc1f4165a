import { malformed } from '../body/malformed.ts'
import { isObject, type JsonObject, type JsonValue } from '../body/strict-json.ts'
import type { Field, Message } from './messages.ts'

const tables = new WeakMap<Message, ReadonlyMap<string, Field>>()

/**
 * Corrects an export in JSON in place: only fields of the message remain, each with a value of its type, so that
 * MLflow decodes exactly what was checked. Other names are dropped, as an OTLP receiver ignores them.
 * @param checkKey Called with every key that becomes a tag. @throws what `checkKey` throws
 * @throws Refusal `body-malformed`
 * @see OTLP 1.x, "JSON Protobuf Encoding": names in lowerCamelCase, identifiers in hexadecimal
 */
export function rewriteJson(object: JsonObject, message: Message, checkKey: (key: string) => void): void {
  const fields = tableOf(message)
  let present = 0
  for (const name of Object.keys(object)) {
    const field = fields.get(name)
    const value = object[name] as JsonValue
    if (field === undefined) {
      if (fields.has(camelCase(name))) throw malformed(`body: expected ${camelCase(name)}, got another spelling`)
      delete object[name]
    } else if (value === null) delete object[name]
    else {
      present++
      checkField(value, field, checkKey)
    }
  }
  if (message.oneOf && present > 1) throw malformed('body: expected one value in an attribute')
}

function tableOf(message: Message): ReadonlyMap<string, Field> {
  const known = tables.get(message)
  if (known) return known
  const table = new Map(message.fields.map((field) => [field.name, field]))
  tables.set(message, table)
  return table
}

const camelCase = (name: string) => name.replace(/_+([a-z])/g, (_, letter: string) => letter.toUpperCase())

function checkField(value: JsonValue, field: Field, checkKey: (key: string) => void): void {
  if (field.repeated && !Array.isArray(value)) throw malformed(`body: expected a list of ${field.name}`)
  for (const item of field.repeated ? (value as JsonValue[]) : [value]) checkValue(item, field, checkKey)
}

function checkValue(value: JsonValue, { name, type, tagKey }: Field, checkKey: (key: string) => void): void {
  if (typeof type === 'object') {
    if (!isObject(value)) throw malformed(`body: expected an object as ${name}`)
    rewriteJson(value, type, checkKey)
  } else if (type === 'string' || type === 'bytes') {
    if (typeof value !== 'string') throw malformed(`body: expected a text as ${name}`)
    if (tagKey) checkKey(value)
  } else if (isObject(value) || Array.isArray(value)) throw malformed(`body: expected a number as ${name}`)
}
