import { createPrivateKey, createPublicKey, type JsonWebKeyInput, type KeyObject, type webcrypto } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Config } from '../../config/schema.ts'
import { ClientCredentialError, type ClientFile } from './client-file.ts'

export type KeyAlgorithm = NonNullable<NonNullable<Config['issuer']['clientKeys']>[number]['algorithm']>

/** A key that signs the gateway's assertions to its issuer (RFC 7523 §2.2). */
export interface SigningKey {
  readonly privateKey: webcrypto.CryptoKey
  readonly kid: string
  readonly algorithm: KeyAlgorithm
  /** For the issuer, with `kid`, `use` and `alg`. Contains nothing private. */
  readonly publicJwk: JWK
}

/** What of the configuration belongs to one key. */
export interface KeySettings {
  readonly kid?: string | undefined
  readonly algorithm?: KeyAlgorithm | undefined
}

/** Smallest RSA modulus (RFC 7518 §3.3). */
const MIN_RSA_BITS = 2048

export const EXPECTED_KEY = 'a file with a private key (PEM or JWK)'

const RSA: readonly KeyAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const CURVES: Readonly<Record<string, KeyAlgorithm>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }

/**
 * A key from the text of its file: PEM (PKCS #8, PKCS #1 or SEC 1) or a private JWK (RFC 7517).
 * @param file Named in errors.
 * @throws ClientCredentialError
 */
export async function parseSigningKey(text: string, file: ClientFile, settings: KeySettings): Promise<SigningKey> {
  const jwk = text.startsWith('{') ? parseJwk(text, file) : undefined
  const key = jwk ? fromJwk(jwk, file) : fromPem(text, file)
  const algorithm = algorithmOf(key, settings.algorithm ?? stated(jwk?.alg), file)
  const { kty, crv, n, e, x, y } = createPublicKey(key).export({ format: 'jwk' }) as JWK
  // Each member by name: a private one cannot slip in.
  const bare = Object.fromEntries(Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined))
  const kid = settings.kid ?? stated(jwk?.kid) ?? (await calculateJwkThumbprint(bare))
  return {
    privateKey: key.toCryptoKey(importAs(algorithm), false, ['sign']),
    ...{ kid, algorithm },
    publicJwk: { ...bare, kid, use: 'sig', alg: algorithm },
  }
}

const stated = <T>(value: T): (T & string) | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function parseJwk(text: string, file: ClientFile): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    throw unusable(file, 'text that begins like a JWK and is not JSON', 'Write the key again.')
  }
}

function fromJwk(jwk: Record<string, unknown>, file: ClientFile): KeyObject {
  if (jwk.kty === 'oct')
    throw unusable(file, 'a symmetric key', 'Create a key pair: the issuer must not know what signs.')
  if (Array.isArray(jwk.keys)) throw unusable(file, 'a set of keys', 'Write each key into a file of its own.')
  if (typeof jwk.d !== 'string') throw unusable(file, 'a public key', 'Name the file with the private key.')
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' } as JsonWebKeyInput)
  } catch {
    throw unusable(file, 'a JWK that is not valid', 'Write the key again.')
  }
}

function fromPem(text: string, file: ClientFile): KeyObject {
  if (text.includes('ENCRYPTED')) {
    const hint = 'Store the key without a passphrase, in a file that only the gateway can read.'
    throw unusable(file, 'an encrypted key', hint)
  }
  if (!text.includes('PRIVATE KEY-----')) {
    const got = text.includes('-----BEGIN') ? 'a certificate or a public key' : 'something else'
    throw unusable(file, got, 'Name the file with the private key.')
  }
  try {
    return createPrivateKey(text)
  } catch {
    throw unusable(file, 'a PEM block that is not a valid key', 'Write the key again.')
  }
}

function algorithmOf(key: KeyObject, wanted: string | undefined, file: ClientFile): KeyAlgorithm {
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details = {} } = key
  if (type === 'rsa' && (details.modulusLength ?? 0) < MIN_RSA_BITS) {
    const hint = 'Create a new key, e.g. openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256.'
    throw unusable(
      file,
      `an RSA key of ${details.modulusLength} bits`,
      hint,
      `an RSA key of at least ${MIN_RSA_BITS} bits`,
    )
  }
  const possible = algorithmsFor(type, details.namedCurve)
  const [first] = possible
  if (first === undefined) {
    const got = `a key of type ${type === 'ec' ? details.namedCurve : type}`
    throw unusable(file, got, 'Create a new key.', 'an RSA, P-256, P-384, P-521 or Ed25519 key')
  }
  if (wanted === undefined) return first
  const found = possible.find((algorithm) => algorithm === wanted)
  if (found !== undefined) return found
  const expected = `a key for ${JSON.stringify(wanted)}`
  throw unusable(file, `a key for ${possible.join(', ')}`, 'Correct `algorithm`, or name another key.', expected)
}

function algorithmsFor(type: string, curve: string | undefined): readonly KeyAlgorithm[] {
  if (type === 'rsa') return RSA
  if (type === 'ed25519') return ['EdDSA']
  const found = type === 'ec' ? CURVES[curve ?? ''] : undefined
  return found === undefined ? [] : [found]
}

function importAs(algorithm: KeyAlgorithm): Parameters<KeyObject['toCryptoKey']>[0] {
  const hash = `SHA-${algorithm.slice(2)}`
  if (algorithm === 'EdDSA') return { name: 'Ed25519' }
  if (algorithm.startsWith('ES')) return { name: 'ECDSA', namedCurve: EC_NAMES[algorithm] ?? '' }
  return { name: algorithm.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash }
}

const EC_NAMES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

const unusable = ({ key, path }: ClientFile, got: string, hint: string, expected = EXPECTED_KEY) =>
  new ClientCredentialError(key, { expected, got: `${path}: ${got}`, hint })
