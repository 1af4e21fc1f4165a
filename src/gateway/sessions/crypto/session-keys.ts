import { createHmac, hkdfSync } from 'node:crypto'

/** Everything derived from one configured secret. Each purpose has a key of its own (RFC 5869 §3.2). */
export interface SessionKeys {
  /** Names the secret inside sealed text; reveals nothing about it. */
  readonly id: string
  /** AES-256 key that seals records. */
  readonly seal: Buffer
  /** HMAC key of the cookie's tag. */
  readonly tag: Buffer
  /** HMAC key that turns a cookie's id into the key of its record. */
  readonly record: Buffer
  /** HMAC key of the subject and sid indexes. */
  readonly index: Buffer
}

/** The keys of all secrets, newest first: the first writes, all read. */
export type SessionKeyRing = readonly [SessionKeys, ...SessionKeys[]]

function derive(secret: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `modelops-gateway session ${purpose}`, bytes))
}

const sessionKeys = (secret: string): SessionKeys => ({
  id: derive(secret, 'key id', 6).toString('base64url'),
  seal: derive(secret, 'seal', 32),
  tag: derive(secret, 'cookie tag', 32),
  record: derive(secret, 'record key', 32),
  index: derive(secret, 'index key', 32),
})

/** One value for each secret, newest first. @param secrets `session.secrets`. @throws Error when there is none */
export function forEachSecret<T>(secrets: readonly string[], derive: (secret: string) => T): readonly [T, ...T[]] {
  const [first, ...others] = secrets
  if (first === undefined) throw new Error('session.secrets: expected at least one secret, got none')
  return [derive(first), ...others.map(derive)]
}

/** @param secrets `session.secrets`, newest first. @throws Error when there is none */
export const deriveKeys = (secrets: readonly string[]): SessionKeyRing => forEachSecret(secrets, sessionKeys)

const keyedHash = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('base64url')

/** The key of a cookie id's record. It cannot be computed, nor reversed, without the secret. */
export const recordKey = (keys: SessionKeys, id: string): string => keyedHash(keys.record, id)

/** The index key of a subject or of a session at the issuer. JSON keeps `a` + `bc` apart from `ab` + `c`. */
export const indexKey = (keys: SessionKeys, kind: 'subject' | 'sid', issuer: string, value: string): string =>
  keyedHash(keys.index, JSON.stringify([kind, issuer, value]))
