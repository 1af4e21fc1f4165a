const SECRET = /secret|password|token|privatekey|credential/i

/** Whether the name of a key says that its value is secret. */
export const isSecretName = (path: string): boolean => SECRET.test(path)

/** Describes a value for a message: its text if it is harmless and short, only its kind if it may be secret. */
export function describe(value: unknown, secret: boolean): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') {
    // Before it is cut: what separates a password from the rest of a URL may be in the part that is cut off.
    const text = withoutUserinfo(value)
    if (secret || mayContainCredentials(text)) return `a string of ${value.length} characters (not shown)`
    return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
  }
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'a mapping'
  return secret ? `a ${typeof value} (not shown)` : String(value)
}

const withoutUserinfo = (text: string) => text.replace(/\/\/.*@/s, '//…@')

/** URLs and connection strings may contain a password even where none is allowed: before `@`, or after `?` or `=`. */
export const mayContainCredentials = (text: string): boolean => /[=?]|(?<!…)@/.test(text)
