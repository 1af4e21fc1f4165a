import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { forEachSecret, type SessionKeyRing } from './session-keys.ts'

/**
 * AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D §8.2.2), as base64url(nonce, ciphertext, tag). The context is
 * authenticated with the text: sealed text that is moved to another context does not open.
 */
const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

function encrypt(key: Buffer, text: string, context: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(context))
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** The text; undefined when the key or the context is another one, or the bytes were altered. */
function decrypt(key: Buffer, sealed: Buffer, context: string): string | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES))
    return Buffer.concat([text, decipher.final()]).toString('utf8')
  } catch {
    return undefined // the tag does not match
  }
}

const recordContext = (recordKey: string, keyId: string) => `session ${keyId} ${recordKey}`

/** Seals a session record with the first secret, as `key id` `.` sealed text, bound to the key of its record. */
export function sealRecord(ring: SessionKeyRing, recordKey: string, text: string): string {
  const { id, seal } = ring[0]
  return `${id}.${encrypt(seal, text, recordContext(recordKey, id))}`
}

/** The text of a session record; undefined when it was altered, moved, or sealed with a secret outside the ring. */
export function openRecord(ring: SessionKeyRing, recordKey: string, sealed: string): string | undefined {
  const dot = sealed.indexOf('.')
  const keys = ring.find(({ id }) => id === sealed.slice(0, dot))
  return keys && decrypt(keys.seal, Buffer.from(sealed.slice(dot + 1), 'base64url'), recordContext(recordKey, keys.id))
}

/**
 * Seals short texts that a browser carries for the gateway. The first secret seals and every secret opens, so that a new
 * secret in front of the old one rotates the key. Each purpose has keys of its own (HKDF, RFC 5869).
 */
export class Sealer {
  readonly #keys: readonly [Buffer, ...Buffer[]]

  /** @param secrets `session.secrets`, newest first. @throws Error when there is none */
  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = forEachSecret(secrets, (secret) =>
      Buffer.from(hkdfSync('sha256', secret, '', `modelops-gateway ${purpose}`, 32)),
    )
  }

  /** @param context What the text is bound to; {@link open} needs the same. */
  seal(text: string, context: string): string {
    return encrypt(this.#keys[0], text, context)
  }

  /** The text; undefined when it was not sealed by one of these secrets for this purpose and context. */
  open(sealed: string, context: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.toString('base64url') !== sealed) return undefined // one text has one spelling
    for (const key of this.#keys) {
      const text = decrypt(key, bytes, context)
      if (text !== undefined) return text
    }
    return undefined
  }
}
