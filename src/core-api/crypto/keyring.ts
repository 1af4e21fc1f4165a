import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { LRUCache } from 'lru-cache'
import { KEY_BYTES, PBKDF2_ROUNDS, parseSealed, SALT_BYTES, SealBroken, seal, unseal } from './sealed.ts'

/** On libuv's threads: a derivation takes tens of milliseconds, which the event loop does not have. */
const derive = promisify(pbkdf2)

/**
 * Texts written under one salt, and so under one derived key. IVs are 16 random bytes: far below the limit of
 * 2^32 texts under a key (NIST SP 800-38D §8.3), and few enough that a derived key uncovers little.
 */
const TEXTS_PER_SALT = 1024
const CACHED_KEYS = 10_000

export interface SealedText {
  readonly text: string
  /** Which token sealed it; see {@link KeyRing.currentId}. */
  readonly keyId: string
}

/** The encryption tokens: the first writes, all read. Rotation puts a new one in front. */
export class KeyRing {
  readonly #tokens = new Map<string, string>()
  readonly #keys = new LRUCache<string, Promise<Buffer>>({ max: CACHED_KEYS })
  /** Names the token that writes. */
  readonly currentId: string
  #salt = { bytes: randomBytes(SALT_BYTES), left: TEXTS_PER_SALT }

  private constructor(ids: readonly (readonly [id: string, token: string])[], currentId: string) {
    for (const [id, token] of ids) this.#tokens.set(id, token)
    this.currentId = currentId
  }

  /** @param tokens The writing token first, then those that may still be read. */
  static async open(tokens: readonly [string, ...string[]]): Promise<KeyRing> {
    const ids = await Promise.all(tokens.map(async (token) => [await tokenId(token), token] as const))
    return new KeyRing(ids, (ids[0] as readonly [string, string])[0])
  }

  /** Ids of all tokens that can be read with. */
  get ids(): readonly string[] {
    return [...this.#tokens.keys()]
  }

  async seal(text: string, context: string): Promise<SealedText> {
    if (this.#salt.left-- <= 0) this.#salt = { bytes: randomBytes(SALT_BYTES), left: TEXTS_PER_SALT - 1 }
    const salt = this.#salt.bytes
    return { text: seal(text, await this.#key(this.currentId, salt), salt, context), keyId: this.currentId }
  }

  /** @throws SealBroken when the token is not known here, or the tag is wrong. */
  async unseal(sealed: SealedText, context: string): Promise<string> {
    const parts = parseSealed(sealed.text)
    return unseal(parts, await this.#key(sealed.keyId, parts.salt), context)
  }

  #key(id: string, salt: Buffer): Promise<Buffer> {
    const token = this.#tokens.get(id)
    if (token === undefined) throw new SealBroken(`sealed under token ${id}, which is not configured`)
    const name = `${id}:${salt.toString('base64url')}`
    const known = this.#keys.get(name)
    if (known) return known
    const key = derive(token, salt, PBKDF2_ROUNDS, KEY_BYTES, 'sha256')
    this.#keys.set(name, key)
    return key
  }
}

/**
 * Names a token without giving it away: guessing the token from its id costs a full derivation a guess,
 * as guessing it from a sealed text does.
 */
export async function tokenId(token: string): Promise<string> {
  return (await derive(token, 'modelops-gateway token id', PBKDF2_ROUNDS, 8, 'sha256')).toString('hex')
}
