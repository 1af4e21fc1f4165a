import type { Shape } from '../catalogue/request-fields.ts'
import { refused } from './refused.ts'
import { isBookkeeping } from './reserved-keys.ts'
import { isObject, type JsonObject, type JsonValue } from './strict-json.ts'

/** Maps whose names become tags or metadata of a trace. Every other free value is the caller's own text. */
const TAG_MAPS: ReadonlySet<string> = new Set(['tags', 'trace_metadata'])

/**
 * Refuses the keys of MLflow's own bookkeeping in a request that writes traces: as a name, or as the value of a `key`.
 * Names are compared, values are not: a text may mention them.
 * @throws Refusal `body-refused`
 */
export function refuseBookkeeping(body: JsonObject, shape: Shape): void {
  const place = findIn(body, shape)
  if (place !== undefined) throw refused(`body${place}: expected no key that MLflow reserves`)
}

/** The path of the first reserved key; undefined where there is none. Built only when one is found. */
function findIn(value: JsonValue, shape: Shape | undefined): string | undefined {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const place = findIn(value[index] as JsonValue, shape)
      if (place !== undefined) return `[${index}]${place}`
    }
    return undefined
  }
  if (!isObject(value)) return undefined
  for (const name of Object.keys(value)) {
    if (isBookkeeping(name)) return ''
    const field = shape?.fields.get(name)
    const inner = value[name] as JsonValue
    if (name === 'key' && typeof inner === 'string' && isBookkeeping(inner)) return '.key'
    if (field && !field.nested && !TAG_MAPS.has(field.name)) continue
    const place = findIn(inner, field?.nested)
    if (place !== undefined) return `.${name.slice(0, 40)}${place}`
  }
  return undefined
}
