import type * as z from 'zod'
import type { FieldError } from '../../shared/settings/field-errors.ts'
import { valueAt } from '../../shared/settings/schema-walk.ts'

/** Errors listed in one response, and characters of one path: input cannot make a response much larger than itself. */
const MAX_ERRORS = 20
const MAX_PATH = 120

/** What is wrong with input. Values are described by their type alone, because each of them may be a secret. */
export function inputErrors({ issues }: z.ZodError, input: unknown): FieldError[] {
  const errors: FieldError[] = []
  let omitted = 0
  for (const issue of issues) {
    const all = issue.code === 'unrecognized_keys' ? issue.keys.length : 1
    const listed = errorsOf(issue, input, MAX_ERRORS - errors.length)
    errors.push(...listed)
    omitted += all - listed.length
  }
  if (omitted === 0) return errors
  return [...errors, { path: '', expected: `at most ${MAX_ERRORS} errors`, got: `${omitted} more` }]
}

function errorsOf(issue: z.core.$ZodIssue, input: unknown, limit: number): FieldError[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.slice(0, limit)
    return unknown.map((key) => ({ path: dotted([...path, key]), expected: 'no such field', got: 'an unknown field' }))
  }
  const error = { path: dotted(path), expected: expectation(issue), got: kindOf(valueAt(input, path)) }
  return limit > 0 ? [error] : []
}

function dotted(path: readonly string[]): string {
  const text = path.join('.')
  return text.length > MAX_PATH ? `${text.slice(0, MAX_PATH)}…` : text
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value)).join(' or ')
  if (issue.code === 'invalid_type') return issue.expected
  if (issue.code === 'too_small') return `${issue.origin} of at least ${issue.minimum}`
  if (issue.code === 'too_big') return `${issue.origin} of at most ${issue.maximum}`
  return issue.message.replace(/^expected /, '')
}
