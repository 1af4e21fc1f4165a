import type { TokenExchange } from '../../config/schema/token-exchange.ts'
import { type ExchangedToken, invalidExchange } from '../../issuer/token-exchange.ts'
import { claimsOf } from './exchangeable-token.ts'

/** Lifetime of a token whose response and claims name none, in seconds. */
const ASSUMED_SECONDS = 60

export interface ExchangeExpectations {
  readonly subjectToken: string
  readonly wanted: TokenExchange
  /** Audiences that the gateway accepts: a token for one of them could be used as the caller. */
  readonly ownAudiences: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Checks that a token is for the upstream and for nobody else. Its signature is for the upstream to verify: the token came
 * from the issuer itself.
 * @returns when it expires, in milliseconds since the epoch
 * @throws Refusal exchange-invalid
 */
export function checkExchanged({ token, seconds }: ExchangedToken, expected: ExchangeExpectations): number {
  const { subjectToken, wanted, ownAudiences, now } = expected
  if (token === subjectToken) throw invalidExchange('the issuer returned the caller’s own token')
  // It is written into a header.
  if (!/^[\x21-\x7e]+$/.test(token)) throw invalidExchange('access_token: expected printable characters')
  const claims = claimsOf(token, invalidExchange)
  if (claims !== undefined) {
    const audiences = [claims.aud].flat()
    const named = [wanted.audience, wanted.resource].filter((each) => each !== undefined)
    if (!named.some((each) => audiences.includes(each)))
      throw invalidExchange('aud: expected the audience or the resource of routes[].tokenExchange')
    if (ownAudiences.some((own) => audiences.includes(own)))
      throw invalidExchange('aud: the gateway itself accepts the token; expected the audience of the upstream alone')
    if (claims.cnf !== undefined)
      throw invalidExchange('cnf: the token is bound to a key that the upstream does not have')
  }
  const byClaims = typeof claims?.exp === 'number' ? claims.exp * 1000 : undefined
  const byResponse = seconds === undefined ? undefined : now + seconds * 1000
  const assumed = now + ASSUMED_SECONDS * 1000
  const expiresAt = Math.min(byClaims ?? byResponse ?? assumed, byResponse ?? byClaims ?? assumed)
  if (expiresAt <= now) throw invalidExchange('the token has expired already')
  return expiresAt
}
