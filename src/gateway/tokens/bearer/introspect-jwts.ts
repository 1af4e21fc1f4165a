import type { Confirmation } from '../../../shared/tokens/confirmation.ts'
import type { VerifiedToken } from './access-token.ts'
import { invalidToken } from './token-refusals.ts'

type Verify = (token: string) => Promise<VerifiedToken>

/**
 * Also asks the issuer about its own JWTs, which only it knows to be revoked or of a disabled user (RFC 7662 §2.2). The
 * signature is verified first: a token that anybody can invent never causes a request. The principal is the one of the
 * response, whose groups are those of now. Tokens of additional issuers are theirs to revoke, and are not sent.
 * @param issuerUrl The issuer that is asked.
 * @throws what the two verifications throw
 */
export function introspectJwts(verifyJwt: Verify, introspect: Verify, issuerUrl: string): Verify {
  return async (token) => {
    const local = await verifyJwt(token)
    if (local.principal.issuer !== issuerUrl) return local
    const asked = await introspect(token)
    if (asked.principal.subject !== local.principal.subject) throw invalidToken('introspection: another subject')
    return {
      ...local,
      principal: asked.principal,
      confirmation: bothConfirmations(local.confirmation, asked.confirmation),
      forRoutes: local.forRoutes ?? asked.forRoutes,
      until: Math.min(local.until, asked.until),
    }
  }
}

/**
 * Either may say that the token is bound to a key; what both say must be the same.
 * @throws Refusal token-invalid
 */
function bothConfirmations(local?: Confirmation, asked?: Confirmation): Confirmation | undefined {
  if (local === undefined || asked === undefined) return local ?? asked
  const merged = { ...asked, ...local }
  if (merged.jkt === (asked.jkt ?? merged.jkt) && merged.certificate === (asked.certificate ?? merged.certificate))
    return merged
  throw invalidToken('introspection: bound to another key')
}
