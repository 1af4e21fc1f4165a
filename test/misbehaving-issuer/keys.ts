import { createSign, generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto'
import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import type { Json } from './misbehaviour.ts'

export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly secretKey: webcrypto.CryptoKey | KeyObject
  /** The public key as a key set has it. */
  readonly jwk: Json
}

/** Keys of all issuers of one process: making them takes longer than most tests. */
export interface Keys {
  /** Signs until a rotation. */
  readonly first: SigningKey
  /** Signs after a rotation. */
  readonly second: SigningKey
  /** Never published. */
  readonly foreign: SigningKey
  /** An ES256 key. */
  readonly ec: SigningKey
  /** An RSA key of 1024 bits, which RFC 7518 §3.3 forbids. */
  readonly weak: SigningKey
}

async function key(kid: string, alg: 'RS256' | 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, secretKey: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

function weakKey(kid: string): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
  return { kid, alg: 'RS256', secretKey: privateKey, jwk }
}

export async function createKeys(): Promise<Keys> {
  const [first, second, foreign, ec] = await Promise.all([
    key('first', 'RS256'),
    key('second', 'RS256'),
    key('foreign', 'RS256'),
    key('ec', 'ES256'),
  ])
  return { first, second, foreign, ec, weak: weakKey('weak') }
}

export const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** A compact JWS (RFC 7515 §7.1) over any text, with any header that jose signs. */
export function signed(payload: string, header: Json, { secretKey }: Pick<SigningKey, 'secretKey'>): Promise<string> {
  const alg = String(header.alg)
  return new CompactSign(Buffer.from(payload)).setProtectedHeader({ ...header, alg }).sign(secretKey)
}

/** The same by RS256 for headers and keys that jose refuses. @param header Its JSON text. */
export function signedAnyhow(payload: string, header: string, { secretKey }: Pick<SigningKey, 'secretKey'>): string {
  const text = `${base64url(header)}.${base64url(payload)}`
  const key = 'export' in secretKey ? secretKey : undefined
  if (key === undefined) throw new Error('expected a key object')
  return `${text}.${createSign('sha256').update(text).sign(key).toString('base64url')}`
}

/** A JWS without a signature. */
export const unsigned = (payload: string, header: Json): string =>
  `${base64url(JSON.stringify(header))}.${base64url(payload)}.`
