import { Refusal } from '../errors.ts'

/**
 * Access tokens are sent as bearer tokens (RFC 6750): one of another type, such as DPoP, must not be used (RFC 6749 §7.1).
 * @param response Of the token endpoint; openid-client has put the type into lower case.
 * @throws Refusal login-failed
 */
export function requireBearer({ token_type }: { readonly token_type: string }): void {
  if (token_type !== 'bearer') throw new Refusal('login-failed', 'token_type: expected Bearer, got another type')
}
