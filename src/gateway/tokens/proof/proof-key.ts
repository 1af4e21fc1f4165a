import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { boundedCache } from '../../../shared/bounded-cache.ts'
import type { Claims } from '../../../shared/tokens/claims.ts'
import { invalidProof } from './proof-refusals.ts'

/** Algorithms of DPoP proofs: asymmetric, and no `none` (RFC 9449 §4.3). */
export const PROOF_ALGORITHMS = ['ES256', 'ES384', 'ES512', 'PS256', 'RS256', 'EdDSA', 'Ed25519'] as const

/** Members of a private or symmetric key (RFC 7518 §6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const KEY_TYPES = ['EC', 'RSA', 'OKP']
/** Characters of an RSA modulus of 4096 bits, and of an exponent of 32: larger ones make a verification slow. */
const MAX_MODULUS = 683
const MAX_EXPONENT = 6
/** Keys remembered at most, and the longest header that one is remembered by, in characters: an RSA key of 4096 bits fits. */
const REMEMBERED = 10_000
const MAX_HEADER = 1400

/** The key that a proof names, and its thumbprint. */
export interface ProofKey {
  readonly jkt: string
  readonly alg: string
  readonly key: CryptoKey
}

/** Reads the key in the header of a proof. A client sends the same header each time: its key is imported once. */
export interface ProofKeys {
  /**
   * @param encoded the header as sent, which is what the key is remembered by
   * @param header the same, parsed
   * @param jkt thumbprint of the key that the token is bound to; no other key is imported
   * @throws Refusal proof-invalid
   */
  read(encoded: string, header: Claims, jkt: string): Promise<ProofKey>
}

export function buildProofKeys(): ProofKeys {
  const known = boundedCache<ProofKey>(REMEMBERED)

  async function read(encoded: string, header: Claims, jkt: string): Promise<ProofKey> {
    const alg = PROOF_ALGORITHMS.find((each) => each === header.alg)
    if (alg === undefined)
      throw invalidProof('alg', `Its algorithm is not accepted. Sign with one of ${PROOF_ALGORITHMS.join(', ')}.`)
    const jwk = publicKeyIn(header)
    const thumbprint = await calculateJwkThumbprint(jwk).catch(unusable)
    if (thumbprint !== jkt) throw otherKey()
    const key = await importJWK(jwk, alg).catch(unusable)
    if (key instanceof Uint8Array) return unusable()
    const read = { jkt: thumbprint, alg, key }
    if (encoded.length <= MAX_HEADER) known.set(encoded, read)
    return read
  }

  return {
    read(encoded, header, jkt) {
      const key = known.get(encoded)
      if (key === undefined) return read(encoded, header, jkt)
      return key.jkt === jkt ? Promise.resolve(key) : Promise.reject(otherKey())
    },
  }
}

/** @throws Refusal proof-invalid */
function publicKeyIn({ jwk }: Claims): JWK {
  if (jwk === null || typeof jwk !== 'object' || Array.isArray(jwk))
    throw invalidProof('jwk', 'Its header has no public key (jwk).')
  if (PRIVATE.some((name) => Object.hasOwn(jwk, name)))
    throw invalidProof(
      'jwk: private',
      'Its header contains a private key. Replace that key, and send the public one only.',
    )
  const { kty, n = '', e = '' } = jwk as JWK
  if (typeof kty !== 'string' || !KEY_TYPES.includes(kty)) return unusable()
  const isLarge = typeof n !== 'string' || typeof e !== 'string' || n.length > MAX_MODULUS || e.length > MAX_EXPONENT
  if (isLarge)
    throw invalidProof('jwk: too large', 'Its key is too large. Use one of P-256, or RSA of at most 4096 bits.')
  return jwk as JWK
}

const otherKey = () =>
  invalidProof('jkt', 'It names another key than the one that the access token is bound to. Sign with that key.')

function unusable(): never {
  throw invalidProof('jwk: unusable', 'Its header has no usable public key (jwk).')
}
