import { createHash } from 'node:crypto'
import { errors as jose } from 'jose'
import { boundedCache } from '../../shared/bounded-cache.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'
import type { VerifiedToken } from './access-token.ts'
import { type Attempts, addressKey } from './attempts.ts'
import { bearerRefusal, invalidToken } from './bearer-refusals.ts'
import { isCompactJws } from './compact-jwt.ts'

/** Tokens remembered at most, the good and the bad each; keys are hashes, so that no token is kept. */
const REMEMBERED = 50_000
/** A refused token is refused again without another look for this time, in milliseconds. */
const REFUSED_MS = 10_000

export interface BearerDeps {
  /** Verifies a JWT. */
  readonly verifyJwt: (token: string) => Promise<VerifiedToken>
  /** Asks the issuer about everything else; absent: everything else is refused. */
  readonly introspect?: ((token: string) => Promise<VerifiedToken>) | undefined
  /** Bad tokens by client address; a token counts once while it is remembered. */
  readonly failures: Attempts
  /** Longest token, in bytes. */
  readonly maxBytes: number
  readonly clock: Clock
}

/**
 * Verifies an access token that came from a client address.
 * @throws Refusal token-invalid, issuer-down, rate-limited
 */
export type VerifyBearer = (token: string, address: string) => Principal | Promise<Principal>

/** Bearer tokens (RFC 6750), each looked at once however often and however many at a time it is sent. */
export function buildVerifyBearer({ verifyJwt, introspect, failures, maxBytes, clock }: BearerDeps): VerifyBearer {
  const good = boundedCache<VerifiedToken>(REMEMBERED)
  const bad = boundedCache<{ readonly refusal: Refusal; readonly until: number }>(REMEMBERED)
  const looking = new Map<string, Promise<Principal>>()

  async function verify(token: string): Promise<VerifiedToken> {
    if (token.length > maxBytes) throw invalidToken('too long')
    if (isCompactJws(token)) return verifyJwt(token)
    if (introspect === undefined || token.startsWith('ey')) throw invalidToken('not a compact JWS')
    return introspect(token)
  }

  async function look(token: string, hash: string, address: string): Promise<Principal> {
    await failures.check(addressKey(address))
    try {
      const verified = await verify(token)
      good.set(hash, verified)
      return verified.principal
    } catch (error) {
      const refusal = bearerRefusal(error)
      if (refusal.reason === 'token-invalid') {
        await failures.count(addressKey(address))
        // A key that is not known yet may be published the next moment.
        if (!(error instanceof jose.JWKSNoMatchingKey)) bad.set(hash, { refusal, until: clock() + REFUSED_MS })
      }
      throw refusal
    }
  }

  return (token, address) => {
    const hash = createHash('sha256').update(token).digest('base64url')
    const now = clock()
    const known = good.get(hash)
    if (known !== undefined && now < known.until) return known.principal
    const refused = bad.get(hash)
    if (refused !== undefined && now < refused.until) return Promise.reject(refused.refusal)
    const running = looking.get(hash)
    if (running !== undefined) return running
    const started = look(token, hash, address).finally(() => looking.delete(hash))
    looking.set(hash, started)
    return started
  }
}
