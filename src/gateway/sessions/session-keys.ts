import { createHmac, hkdfSync } from 'node:crypto'

/** Everything derived from one configured secret. Each purpose has a key of its own (RFC 5869 §3.2). */
export interface KeySet {
  /** Names the secret inside sealed text; says nothing about it. */
  readonly id: string
  /** AES-256 key that seals records. */
  readonly seal: Buffer
  /** HMAC key of the cookie's tag. */
  readonly tag: Buffer
  /** HMAC key that turns a cookie's id into a store key. */
  readonly record: Buffer
  /** HMAC key of the subject and sid indexes. */
  readonly index: Buffer
}

/** Newest first: the first writes, all read. */
export type KeyRing = readonly [KeySet, ...KeySet[]]

function derive(secret: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `modelops-gateway session ${purpose}`, bytes))
}

const keySet = (secret: string): KeySet => ({
  id: derive(secret, 'key id', 6).toString('base64url'),
  seal: derive(secret, 'seal', 32),
  tag: derive(secret, 'cookie tag', 32),
  record: derive(secret, 'record key', 32),
  index: derive(secret, 'index key', 32),
})

/** @param secrets `session.secrets`, newest first. @throws Error when there is none. */
export function deriveKeys(secrets: readonly string[]): KeyRing {
  const [first, ...others] = secrets.map(keySet)
  if (first === undefined) throw new Error('session.secrets: expected at least one secret, got none')
  return [first, ...others]
}

const keyedHash = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('base64url')

/** The store key of a cookie's id. Without the secret it cannot be computed, nor turned back. */
export const recordKey = (keys: KeySet, id: string): string => keyedHash(keys.record, id)

/** The index key of a person, or of an issuer's session. JSON keeps `a` + `bc` apart from `ab` + `c`. */
export const indexKey = (keys: KeySet, kind: 'subject' | 'sid', issuer: string, value: string): string =>
  keyedHash(keys.index, JSON.stringify([kind, issuer, value]))
