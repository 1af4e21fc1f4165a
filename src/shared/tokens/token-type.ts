/**
 * The kind of token that a `typ` header names (RFC 7515 §4.1.9): lower case, without `application/`, which a sender may
 * leave out. Explicit types keep one kind of token from being taken for another (RFC 8725 §3.11).
 * @returns undefined without a `typ`; the empty string for one that is no string, which no kind of token has
 */
export function tokenType(typ: unknown): string | undefined {
  if (typ === undefined) return undefined
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : ''
}
