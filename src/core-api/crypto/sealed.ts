import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * The cipher format that the ModelOps clients share:
 *
 *     base64url( IV 16 ‖ salt 16 ‖ ciphertext ‖ tag 16 ), padded
 *
 * AES-256-GCM under PBKDF2-HMAC-SHA256(token, salt, 65,536 rounds). Two things are stricter than in the published client,
 * which writes random bytes for the tag and checks none: the tag is a true one, and it covers `context`, the record that the
 * text belongs to. A client that ignores the tag still reads what is written here.
 */
export const IV_BYTES = 16
export const SALT_BYTES = 16
export const TAG_BYTES = 16
export const KEY_BYTES = 32
export const PBKDF2_ROUNDS = 65_536

/** The text was not sealed under this key for this record, or was changed since. */
export class SealBroken extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'SealBroken'
  }
}

/** @param context Names the record; whoever reads must name the same one. */
export function seal(text: string, key: Buffer, salt: Buffer, context: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(context))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return padded(Buffer.concat([iv, salt, body, cipher.getAuthTag()]).toString('base64url'))
}

export interface Sealed {
  readonly iv: Buffer
  readonly salt: Buffer
  readonly body: Buffer
  readonly tag: Buffer
}

/** @throws SealBroken when the text does not have the format. */
export function parseSealed(message: string): Sealed {
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(message)) throw new SealBroken('expected base64url')
  const bytes = Buffer.from(message, 'base64url')
  if (bytes.length < IV_BYTES + SALT_BYTES + TAG_BYTES) throw new SealBroken('expected an IV, a salt and a tag')
  return {
    iv: bytes.subarray(0, IV_BYTES),
    salt: bytes.subarray(IV_BYTES, IV_BYTES + SALT_BYTES),
    body: bytes.subarray(IV_BYTES + SALT_BYTES, -TAG_BYTES),
    tag: bytes.subarray(-TAG_BYTES),
  }
}

/** @throws SealBroken when the tag is wrong: other token, other record, or changed bytes. */
export function unseal(sealed: Sealed, key: Buffer, context: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.tag)
  try {
    return Buffer.concat([decipher.update(sealed.body), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new SealBroken('the tag does not fit the token and the record', { cause })
  }
}

/** Python's decoder, which the published client uses, wants the padding that base64url usually leaves out. */
const padded = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '=')
