import type { z } from 'zod'

/** One error in the configuration. `got` never contains the value of a secret. */
export interface FieldError {
  /** Dotted path of the key, e.g. `routes.0.upstream`; empty for the whole file. */
  readonly path: string
  readonly expected: string
  readonly got: string
}

/** All errors of a configuration. */
export class ConfigurationError extends Error {
  readonly file: string
  readonly errors: readonly FieldError[]

  constructor(file: string, errors: readonly FieldError[]) {
    super(errors.map((error) => `${file}: ${formatFieldError(error)}`).join('\n'))
    this.name = 'ConfigurationError'
    this.file = file
    this.errors = errors
  }
}

export const formatFieldError = ({ path, expected, got }: FieldError) =>
  `${path || '(file)'}: expected ${expected}, got ${got}`

const SECRET = /secret|password|token|privatekey|credential/i

/** Describes a value for a message: its text when harmless and short, only its kind when it may be secret. */
export function describe(value: unknown, path: string): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') {
    if (SECRET.test(path)) return `a string of ${value.length} characters (not shown)`
    return JSON.stringify(withoutUserinfo(value.length > 80 ? `${value.slice(0, 80)}…` : value))
  }
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'a mapping'
  return String(value)
}

/** A URL may carry a password even where none is allowed. */
const withoutUserinfo = (text: string) => text.replace(/\/\/[^/@\s]*@/, '//…@')

/** The errors that schema issues describe. @param raw The value that was validated, for `got` */
export function fieldErrorsOf(error: z.ZodError, raw: unknown): FieldError[] {
  return error.issues.flatMap((issue) => errorsOfIssue(issue, raw))
}

function errorsOfIssue(issue: z.core.$ZodIssue, raw: unknown): FieldError[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path ? `${path}.${key}` : key,
      expected: 'no such key',
      got: 'an unknown key',
    }))
  }
  const got = describe(valueAt(raw, issue.path), path)
  return [{ path, expected: expectation(issue), got }]
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value)).join(' or ')
  if (issue.code === 'invalid_type') return issue.expected
  if (issue.code === 'too_small') return `${issue.origin} of at least ${issue.minimum}`
  if (issue.code === 'too_big') return `${issue.origin} of at most ${issue.maximum}`
  if (issue.code === 'invalid_union') {
    const options = issue.errors.flat().map((inner) => expectation(inner))
    if (options.length > 0) return [...new Set(options)].join(' or ')
    return 'one of the documented forms'
  }
  return issue.message.replace(/^expected /, '')
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined
    value = Reflect.get(value, key)
  }
  return value
}
