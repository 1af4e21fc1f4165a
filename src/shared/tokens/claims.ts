/** Claims of a token or of userinfo. Each may be any JSON value. */
export type Claims = Readonly<Record<string, unknown>>

export const MAX_SUBJECT = 255
const MAX_TEXT = 256

/** A string that fits into a header and a log line as it is. One with control characters is unusable; none is trimmed. */
export function textClaim(value: unknown, max = MAX_TEXT): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= max && !hasControls(value) ? value : undefined
}

const hasControls = (value: string) => /[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(value)

/** The name that people read. It can be reassigned, so it is not an identity (OIDC Core §5.7). */
export const usernameOf = (claims: Claims, usernameClaim: string, subject: string): string =>
  textClaim(claims[usernameClaim]) ?? textClaim(claims.email) ?? subject
