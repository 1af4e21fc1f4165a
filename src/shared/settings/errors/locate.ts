import type * as z from 'zod'
import type { FieldError } from '../field-errors.ts'
import type { Interpolated } from '../interpolate.ts'
import { valueAt } from '../schema-walk.ts'
import type { SettingsDocument } from '../settings-document.ts'
import { describe } from './describe-value.ts'
import type { Finding } from './finding.ts'
import { isSecretPath } from './hidden-ranges.ts'

/** Where the mistake is in the file, and how its value may be shown. */
export function locate(
  finding: Finding,
  schema: z.ZodType,
  document: SettingsDocument,
  read: Interpolated,
): FieldError {
  const { path, expected, got, hint, isKey } = finding
  const dotted = path.join('.')
  return {
    path: dotted,
    expected,
    got: got ?? show(path, schema, read),
    ...(hint !== undefined && { hint }),
    ...(path.length > 0 && positionOf(document, dotted, isKey ? 'key' : 'value')),
  }
}

function show(path: readonly string[], schema: z.ZodType, { value, references }: Interpolated): string {
  const raw = valueAt(value, path)
  if (raw === null || raw === undefined) return path.length === 0 ? 'an empty file' : 'nothing'
  const secret = isSecretPath(schema, path, value)
  const reference = references.get(path.join('.'))
  if (reference === undefined) return describe(raw, secret)
  return secret ? 'a value from outside the file (not shown)' : `the value of ${JSON.stringify(reference)} (not shown)`
}

function positionOf(document: SettingsDocument, path: string, prefer?: 'key' | 'value') {
  const position = document.positionOf(path, prefer)
  return position && { position }
}

/** The first error of each key says it best: a reference that could not be read left an empty string behind. */
export function inOrder(errors: readonly FieldError[]): FieldError[] {
  const firsts = errors.filter(
    ({ path }, index) => path === '' || errors.findIndex((other) => other.path === path) === index,
  )
  const offset = ({ position }: FieldError) => (position ? position.line * 1e6 + position.column : 0)
  return firsts.sort((a, b) => offset(a) - offset(b))
}
