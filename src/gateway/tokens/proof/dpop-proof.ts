import { compactVerify } from 'jose'
import type { Clock } from '../../../shared/clock.ts'
import { digest } from '../../../shared/digest.ts'
import { type Claims, textClaim } from '../../../shared/tokens/claims.ts'
import { parseCompactJwt, type UnverifiedJwt } from '../../../shared/tokens/compact-jwt.ts'
import { printableClaim } from '../../../shared/tokens/printable-claim.ts'
import { TokenRejected } from '../../../shared/tokens/token-rejected.ts'
import { tokenType } from '../../../shared/tokens/token-type.ts'
import { buildProofKeys } from './proof-key.ts'
import { invalidProof } from './proof-refusals.ts'
import { normalUrl } from './request-url.ts'

/** Oldest proof that is accepted, in seconds; the clock difference that is tolerated comes on top. */
export const PROOF_SECONDS = 60
/** Longest proof, in characters. */
const MAX_PROOF = 8192
/** Longest `jti` and `nonce`, in characters. */
const MAX_TEXT = 512

/** What a proof must be about. */
export interface ProvedUse {
  readonly method: string
  /** Normal form of the URL; undefined: the request has no such URL. */
  readonly url: string | undefined
  readonly token: string
  /** Thumbprint of the key that the token is bound to. */
  readonly jkt: string
}

/** What is left to check of a proof that is about this request: whether it is the first one with this `jti`. */
export interface VerifiedProof {
  readonly jti: string
  /** Seconds since the epoch. */
  readonly iat: number
  readonly nonce: string | undefined
}

/** Verifies a DPoP proof (RFC 9449 §4.3) but for its nonce and its uniqueness. @throws Refusal proof-invalid */
export type VerifyDpopProof = (proof: string, use: ProvedUse) => Promise<VerifiedProof>

export function buildVerifyDpopProof(clockSkewSeconds: number, clock: Clock): VerifyDpopProof {
  const keys = buildProofKeys()

  function checkTime(iat: unknown): number {
    if (typeof iat !== 'number' || !Number.isFinite(iat))
      throw invalidProof('iat', 'Its iat is missing. It must be the time of its creation, in seconds since the epoch.')
    const age = clock() / 1000 - iat
    if (age <= PROOF_SECONDS + clockSkewSeconds && age >= -clockSkewSeconds) return iat
    const when = age > 0 ? `${Math.round(age)} s in the past` : `${Math.round(-age)} s in the future`
    throw invalidProof(
      `iat: ${when}`,
      `By the clock of the gateway (${new Date(clock()).toISOString().slice(0, 19)}Z), it was created ${when}. Create a new proof for each request, and synchronize the clock of this machine (NTP).`,
    )
  }

  return async (proof, { method, url, token, jkt }) => {
    const { header, claims } = parsed(proof)
    if (tokenType(header.typ) !== 'dpop+jwt') throw invalidProof('typ', 'Its typ header must be dpop+jwt.')
    const { key, alg } = await keys.read(proof.slice(0, proof.indexOf('.')), header, jkt)
    await compactVerify(proof, key, { algorithms: [alg] }).catch(() => {
      throw invalidProof('signature', 'Its signature does not match its key.')
    })
    checkUse(claims, method, url)
    if (claims.ath !== digest(token))
      throw invalidProof('ath', 'Its ath does not match the access token: it must be the SHA-256 hash of the token.')
    const iat = checkTime(claims.iat)
    const jti = textClaim(claims.jti, MAX_TEXT)
    if (jti === undefined) throw invalidProof('jti', 'Its jti is missing, or is not a short text.')
    return { jti, iat, nonce: textClaim(claims.nonce, MAX_TEXT) }
  }
}

function parsed(proof: string): UnverifiedJwt {
  if (proof.length > MAX_PROOF) throw invalidProof('too long', 'It is too long.')
  try {
    return parseCompactJwt(proof)
  } catch (error) {
    if (error instanceof TokenRejected) throw invalidProof(error.message, 'It is not a signed JWT.')
    throw error
  }
}

/** @throws Refusal proof-invalid */
function checkUse({ htm, htu }: Claims, method: string, url: string | undefined): void {
  if (htm !== method) throw invalidProof('htm', `Its htm is ${shown(htm)}, expected ${method}.`)
  if (url === undefined || typeof htu !== 'string' || normalUrl(htu) !== url)
    throw invalidProof('htu', `Its htu is ${shown(htu)}, expected ${printableClaim(url ?? 'none')}.`)
}

const shown = (value: unknown) => (typeof value === 'string' ? printableClaim(value) : 'missing')
