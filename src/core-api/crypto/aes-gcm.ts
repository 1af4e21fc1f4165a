import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * The message format that the ModelOps clients share:
 *
 *     base64url( IV 16 ‖ salt 16 ‖ ciphertext ‖ tag 16 ), padded
 *
 * AES-256-GCM with a key from PBKDF2-HMAC-SHA256(token, salt, 65,536 rounds). It is stricter than the published client,
 * which writes random bytes as the tag and checks none: the tag written here is valid and also authenticates the
 * associated data, which names the record. A client that ignores the tag can still read the message.
 */
export const IV_BYTES = 16
export const SALT_BYTES = 16
export const TAG_BYTES = 16
export const KEY_BYTES = 32
export const PBKDF2_ROUNDS = 65_536

/** The message was not encrypted with this key for this record, or it was changed since. */
export class DecryptionFailed extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = 'DecryptionFailed'
  }
}

/** @param associatedData names the record; decryption needs exactly the same */
export function encrypt(text: string, key: Buffer, salt: Buffer, associatedData: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(associatedData))
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return padded(Buffer.concat([iv, salt, ciphertext, cipher.getAuthTag()]).toString('base64url'))
}

export interface Message {
  readonly iv: Buffer
  readonly salt: Buffer
  readonly ciphertext: Buffer
  readonly tag: Buffer
}

/** @throws DecryptionFailed when the text does not have the format */
export function parseMessage(text: string): Message {
  if (!/^[A-Za-z0-9_-]+={0,2}$/.test(text)) throw new DecryptionFailed('expected base64url')
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < IV_BYTES + SALT_BYTES + TAG_BYTES) throw new DecryptionFailed('expected an IV, a salt and a tag')
  return {
    iv: bytes.subarray(0, IV_BYTES),
    salt: bytes.subarray(IV_BYTES, IV_BYTES + SALT_BYTES),
    ciphertext: bytes.subarray(IV_BYTES + SALT_BYTES, -TAG_BYTES),
    tag: bytes.subarray(-TAG_BYTES),
  }
}

/** @throws DecryptionFailed when the tag is not valid: another token, another record, or changed bytes */
export function decrypt(message: Message, key: Buffer, associatedData: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, message.iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(associatedData))
  decipher.setAuthTag(message.tag)
  try {
    return Buffer.concat([decipher.update(message.ciphertext), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw new DecryptionFailed('the tag does not match the token and the record', { cause })
  }
}

/** Python's decoder, which the published client uses, requires the padding that base64url usually omits. */
const padded = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '=')
