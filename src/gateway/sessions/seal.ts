import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyRing } from './session-keys.ts'

/**
 * AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D §8.2.2). Text: `key id` `.` base64url(nonce, ciphertext, tag).
 * The record's key is authenticated with it, so a sealed session moved under another key does not open.
 */
const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

const boundTo = (recordKey: string, keyId: string) => Buffer.from(`session ${keyId} ${recordKey}`)

/** Seals with the first secret. */
export function seal(ring: KeyRing, recordKey: string, text: string): string {
  const keys = ring[0]
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, keys.seal, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(boundTo(recordKey, keys.id))
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${keys.id}.${sealed.toString('base64url')}`
}

/** The text that was sealed; undefined when it was altered, moved, or sealed with a secret that is not in the ring. */
export function unseal(ring: KeyRing, recordKey: string, sealed: string): string | undefined {
  const dot = sealed.indexOf('.')
  const keys = ring.find(({ id }) => id === sealed.slice(0, dot))
  const bytes = Buffer.from(sealed.slice(dot + 1), 'base64url')
  if (keys === undefined || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv(ALGORITHM, keys.seal, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(boundTo(recordKey, keys.id))
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  } catch {
    return undefined // the tag does not match
  }
}
