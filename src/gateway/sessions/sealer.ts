import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals short texts that a browser carries for us (AES-256-GCM). The first secret writes, all read, so that a new
 * secret in front of the old one rotates the key. Each purpose has keys of its own (HKDF, RFC 5869).
 */
export class Sealer {
  readonly #keys: readonly Buffer[]

  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', `modelops-gateway ${purpose}`, 32)))
  }

  /** @param context What the text is bound to; `open` must be given the same. */
  seal(text: string, context: string): string {
    const key = this.#keys[0]
    if (key === undefined) throw new Error('no secret to seal with')
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return sealed.toString('base64url')
  }

  /** The text, or undefined when it was not sealed by one of our keys for this context. */
  open(sealed: string, context: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== sealed) return undefined
    for (const key of this.#keys) {
      const text = openWith(key, bytes, context)
      if (text !== undefined) return text
    }
    return undefined
  }
}

function openWith(key: Buffer, bytes: Buffer, context: string): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    return undefined // a foreign key or a changed text: the same to the caller
  }
}
