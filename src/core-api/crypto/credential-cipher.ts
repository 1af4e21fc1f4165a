import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { LRUCache } from 'lru-cache'
import { DecryptionFailed, decrypt, encrypt, KEY_BYTES, PBKDF2_ROUNDS, parseMessage, SALT_BYTES } from './aes-gcm.ts'

/** Runs on libuv's threads: a derivation takes tens of milliseconds, too long for the event loop. */
const deriveKey = promisify(pbkdf2)

/**
 * Messages with one salt, and therefore with one derived key. IVs are 16 random bytes. The number is far below the limit
 * of 2^32 messages under a key (NIST SP 800-38D §8.3), and a leaked derived key opens few messages.
 */
const MESSAGES_PER_SALT = 1024
const CACHED_KEYS = 10_000

export interface Encrypted {
  readonly message: string
  /** The ID of the token that encrypted it; see {@link CredentialCipher.currentId}. */
  readonly keyId: string
}

/** Encrypts with the first encryption token and decrypts with all of them. A rotation puts a new token first. */
export class CredentialCipher {
  readonly #tokens = new Map<string, string>()
  readonly #keys = new LRUCache<string, Promise<Buffer>>({ max: CACHED_KEYS })
  /** ID of the token that encrypts. */
  readonly currentId: string
  #salt = { bytes: randomBytes(SALT_BYTES), left: MESSAGES_PER_SALT }

  private constructor(tokens: readonly (readonly [id: string, token: string])[], currentId: string) {
    for (const [id, token] of tokens) this.#tokens.set(id, token)
    this.currentId = currentId
  }

  /** @param tokens the token that encrypts first, then those that only decrypt */
  static async create([current, ...previous]: readonly [string, ...string[]]): Promise<CredentialCipher> {
    const currentId = await tokenId(current)
    const others = await Promise.all(previous.map(async (token) => [await tokenId(token), token] as const))
    return new CredentialCipher([[currentId, current], ...others], currentId)
  }

  /** IDs of all tokens that decrypt. */
  get ids(): readonly string[] {
    return [...this.#tokens.keys()]
  }

  async encrypt(text: string, associatedData: string): Promise<Encrypted> {
    if (this.#salt.left-- <= 0) this.#salt = { bytes: randomBytes(SALT_BYTES), left: MESSAGES_PER_SALT - 1 }
    const salt = this.#salt.bytes
    const key = await this.#key(this.currentId, salt)
    return { message: encrypt(text, key, salt, associatedData), keyId: this.currentId }
  }

  /** @throws DecryptionFailed when the token is not configured, or the tag is not valid */
  async decrypt({ message, keyId }: Encrypted, associatedData: string): Promise<string> {
    const parsed = parseMessage(message)
    return decrypt(parsed, await this.#key(keyId, parsed.salt), associatedData)
  }

  #key(id: string, salt: Buffer): Promise<Buffer> {
    const token = this.#tokens.get(id)
    if (token === undefined) throw new DecryptionFailed(`encrypted with token ${id}, which is not configured`)
    const name = `${id}:${salt.toString('base64url')}`
    const known = this.#keys.get(name)
    if (known) return known
    const key = deriveKey(token, salt, PBKDF2_ROUNDS, KEY_BYTES, 'sha256')
    this.#keys.set(name, key)
    return key
  }
}

/** Identifies a token without revealing it: a guess costs a full key derivation, as it does with a message. */
export async function tokenId(token: string): Promise<string> {
  return (await deriveKey(token, 'modelops-gateway token id', PBKDF2_ROUNDS, 8, 'sha256')).toString('hex')
}
