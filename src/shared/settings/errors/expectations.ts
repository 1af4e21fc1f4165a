import * as z from 'zod'
import { unwrap, variantsOf } from '../schema-walk.ts'

/** What a field accepts, in words. @param name Name of the key; it tells the unit of a number */
export function expectationOf(schema: z.ZodType, name = ''): string {
  const bare = unwrap(schema)
  if (bare instanceof z.ZodEnum) return alternatives(bare.options.map((option) => JSON.stringify(option)))
  if (bare instanceof z.ZodLiteral) return alternatives([...bare.values].map((value) => JSON.stringify(value)))
  if (bare instanceof z.ZodNumber) return numberOf(bare, name)
  if (bare instanceof z.ZodBoolean) return 'true or false'
  if (bare instanceof z.ZodString) return textOf(bare)
  if (bare instanceof z.ZodArray) return listOf(bare)
  if (bare instanceof z.ZodObject) return mappingOf(bare)
  if (bare instanceof z.ZodRecord) return 'a mapping'
  if (!(bare instanceof z.ZodUnion)) return 'another value'
  const [variant] = variantsOf(bare)
  return variant
    ? mappingOf(variant)
    : alternatives(bare.options.map((option) => expectationOf(option as z.ZodType, name)))
}

/** Values of the literal key that tells variants apart, such as `source`. */
export function literalsOf(union: z.ZodType, key: string): string[] {
  return variantsOf(union).flatMap((variant) => {
    const field: unknown = variant.shape[key]
    return field instanceof z.ZodLiteral ? [...field.values].map(String) : []
  })
}

export function alternatives(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? 'nothing') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

const UNITS: [RegExp, string][] = [
  [/Seconds$/, 'seconds'],
  [/Ms$/, 'milliseconds'],
  [/Bytes$/, 'bytes'],
]

function numberOf({ minValue, maxValue }: z.ZodNumber, name: string): string {
  const unit = UNITS.find(([pattern]) => pattern.test(name))?.[1]
  const number = unit === undefined ? 'a whole number' : `a whole number of ${unit}`
  return `${number} from ${minValue} to ${maxValue}`
}

/** A text that no restricted field accepts: a field that refuses it says what it accepts. */
const REFUSED = '\u0000'

function textOf(schema: z.ZodString): string {
  const result = schema.safeParse(REFUSED)
  const stated = result.success ? undefined : statedIn(result.error.issues[0]?.message)
  if (stated !== undefined) return stated
  return (schema.minLength ?? 0) > 0 ? 'text that is not empty' : 'text'
}

/** Messages of our own fields start like this; all others are words of the library. */
export const statedIn = (message: string | undefined): string | undefined =>
  message?.startsWith('expected ') ? message.slice('expected '.length) : undefined

function listOf(schema: z.ZodArray): string {
  const issue = schema.safeParse([]).error?.issues[0]
  return issue?.code === 'too_small' && issue.path.length === 0 ? 'a list with at least one entry' : 'a list'
}

function mappingOf(schema: z.ZodObject): string {
  const required = Object.entries<z.ZodType>(schema.shape).filter(([, field]) => !field.safeParse(undefined).success)
  return required.length === 0 ? 'a mapping' : `a mapping with ${list(required.map(([key]) => key))}`
}

export const list = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
