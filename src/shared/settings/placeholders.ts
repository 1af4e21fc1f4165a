import * as z from 'zod'
import { REFERENCE } from './interpolate.ts'
import { unwrap } from './schema-walk.ts'

/** Texts of every form that fields accept; none is a value that anybody uses. */
const CANDIDATES = [
  'unset-0123456789-abcdefghijklmnopqrstuvwxyz',
  'https://unset.invalid',
  'unset.invalid',
  '1',
  '192.0.2.1:1',
  '192.0.2.0/24',
  '00000000-0000-4000-8000-000000000000',
  '0123456789abcdef'.repeat(4),
  '-----BEGIN CERTIFICATE-----',
]

/** A text that the field accepts, for a value with references that are not available: a check without secrets. */
export function placeholderFor(field: z.ZodType | undefined, text: string): string {
  const candidates = [...CANDIDATES, ...optionsOf(field)].map((part) => text.replaceAll(REFERENCE, () => part))
  const accepted = field && candidates.find((candidate) => field.safeParse(candidate).success)
  return accepted ?? (candidates[0] as string)
}

function optionsOf(field: z.ZodType | undefined): string[] {
  const bare = field && unwrap(field)
  return bare instanceof z.ZodEnum ? bare.options.map(String) : []
}
