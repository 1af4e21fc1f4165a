const SECRET = /secret|password|token|privatekey|credential/i

/** Whether the name of a key says that its value is secret. */
export const isSecretName = (path: string): boolean => SECRET.test(path)

/** Describes a value for a message: its text if it is harmless and short, only its kind if it may be secret. */
export function describe(value: unknown, secret: boolean): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') {
    if (secret) return `a string of ${value.length} characters (not shown)`
    return JSON.stringify(withoutUserinfo(value.length > 80 ? `${value.slice(0, 80)}…` : value))
  }
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'a mapping'
  return secret ? `a ${typeof value} (not shown)` : String(value)
}

/** A URL may contain a password even where none is allowed. */
export const withoutUserinfo = (text: string) => text.replace(/\/\/\S*@/, '//…@')
