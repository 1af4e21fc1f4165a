import { errors as jose } from 'jose'
import { boundedCache, dropExpired } from '../../../shared/bounded-cache.ts'
import type { Clock } from '../../../shared/clock.ts'
import { digest } from '../../../shared/digest.ts'
import { isCompactJws } from '../../../shared/tokens/compact-jwt.ts'
import type { Refusal } from '../../errors.ts'
import { type Attempts, addressKey } from '../attempts.ts'
import type { TokenEvents } from '../token-events.ts'
import type { VerifiedToken } from './access-token.ts'
import { invalidToken, tokenRefusal } from './token-refusals.ts'

/** Tokens remembered at most, verified and refused ones each. The keys are hashes: no token is kept. */
const REMEMBERED = 50_000
/** A refused token is refused again without verification for this time, in milliseconds. */
const REFUSED_MS = 10_000

export interface BearerDeps {
  /** Verifies a JWT. */
  readonly verifyJwt: (token: string) => Promise<VerifiedToken>
  /** Verifies an opaque token with the issuer; absent: opaque tokens are refused. */
  readonly introspect?: ((token: string) => Promise<VerifiedToken>) | undefined
  /** Refused tokens by client address; a token counts once while it is remembered. */
  readonly failures: Attempts
  /** Longest token, in bytes. */
  readonly maxBytes: number
  readonly clock: Clock
  readonly events?: TokenEvents | undefined
}

/**
 * Verifies an access token that a client address presented. Synchronous for a token that is remembered. A token that is
 * bound to a key counts only with the proof of that key, which the caller of this function verifies.
 * @throws Refusal token-invalid, issuer-down, rate-limited
 */
export type VerifyBearer = (token: string, address: string) => VerifiedToken | Promise<VerifiedToken>

/** Bearer tokens (RFC 6750). Each is verified once, however often and however many at a time it is presented. */
export function buildVerifyBearer(deps: BearerDeps): VerifyBearer {
  const { verifyJwt, introspect, failures, maxBytes, clock, events } = deps
  const accepted = boundedCache<VerifiedToken>(REMEMBERED)
  const refused = boundedCache<{ readonly refusal: Refusal; readonly until: number }>(REMEMBERED)
  const running = new Map<string, Promise<VerifiedToken>>()
  const isExpired = ({ until }: { readonly until: number }) => until <= clock()

  async function verify(token: string): Promise<VerifiedToken> {
    if (token.length > maxBytes) throw invalidToken('too long')
    if (isCompactJws(token)) return verifyJwt(token)
    if (introspect === undefined || token.startsWith('ey')) throw invalidToken('not a compact JWS')
    return introspect(token)
  }

  async function verifyAndRemember(token: string, hash: string, address: string): Promise<VerifiedToken> {
    failures.check(addressKey(address))
    try {
      const verified = await verify(token)
      dropExpired(accepted, isExpired)
      accepted.set(hash, verified)
      events?.verified('success')
      return verified
    } catch (error) {
      const refusal = tokenRefusal(error)
      events?.verified(refusal.reason)
      // A token that no rule matches is refused like a bad one: everybody can get one where an issuer serves everybody.
      if (refusal.reason === 'token-invalid' || refusal.reason === 'no-rule-matches') {
        failures.count(addressKey(address))
        // The issuer may publish a key that is not known yet at any moment.
        if (error instanceof jose.JWKSNoMatchingKey) throw refusal
        dropExpired(refused, isExpired)
        refused.set(hash, { refusal, until: clock() + REFUSED_MS })
      }
      throw refusal
    }
  }

  return (token, address) => {
    const hash = digest(token)
    const now = clock()
    const known = accepted.get(hash)
    if (known !== undefined && now < known.until) {
      events?.lookedUp('bearer', true)
      return known
    }
    const bad = refused.get(hash)
    const isBad = bad !== undefined && now < bad.until
    events?.lookedUp('bearer', isBad)
    if (isBad) return Promise.reject(bad.refusal)
    const verifying = running.get(hash)
    if (verifying !== undefined) return verifying
    const started = verifyAndRemember(token, hash, address).finally(() => running.delete(hash))
    running.set(hash, started)
    return started
  }
}
