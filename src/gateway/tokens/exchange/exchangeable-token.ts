import type { Claims } from '../../../shared/tokens/claims.ts'
import { isCompactJws, parseCompactJwt } from '../../../shared/tokens/compact-jwt.ts'
import { TokenRejected } from '../../../shared/tokens/token-rejected.ts'
import { Refusal } from '../../errors.ts'
import { refusedExchange } from '../../issuer/token-exchange.ts'
import type { Caller } from '../caller.ts'
import { accessTokenOf } from '../callers-token.ts'

/** How long the result for a token whose own expiry is not known is used, in milliseconds. */
const UNKNOWN_EXPIRY_MS = 30_000

/** A token that may be exchanged, and when it expires, in milliseconds since the epoch. */
export interface ExchangeableToken {
  readonly token: string
  readonly expiresAt: number
}

/**
 * The caller's token, if the issuer at which users sign in can exchange it.
 * @param issuer The URL of that issuer. A token of another one means nothing to it.
 * @throws Refusal exchange-refused, issuer-down, login-required
 */
export function exchangeableToken(caller: Caller, issuer: string, now: number): ExchangeableToken {
  if (caller.principal.issuer !== issuer)
    throw refusedExchange('the caller’s token is from an additional issuer. Only tokens of issuer.url can be exchanged')
  const held = accessTokenOf(caller, now)
  if (held === undefined) throw refusedExchange('the caller has no access token')
  const claims = claimsOf(held.token, refusedExchange)
  if (claims?.cnf !== undefined || (caller.session === undefined && caller.isBound))
    throw refusedExchange('the caller’s token is bound to a key (cnf), and the exchanged one would not be')
  const expiry = held.expiresAt ?? (typeof claims?.exp === 'number' ? claims.exp * 1000 : now + UNKNOWN_EXPIRY_MS)
  if (expiry <= now) throw new Refusal('token-invalid', 'the access token has expired')
  return { token: held.token, expiresAt: expiry }
}

/**
 * The claims of a token that is a JWT. Its signature was verified, or the issuer itself sent it.
 * @param refuse makes the refusal of a JWT that cannot be read in one way only
 */
export function claimsOf(token: string, refuse: (detail: string) => Refusal): Claims | undefined {
  if (!isCompactJws(token)) return undefined
  try {
    return parseCompactJwt(token).claims
  } catch (error) {
    throw error instanceof TokenRejected ? refuse(error.message) : error
  }
}
