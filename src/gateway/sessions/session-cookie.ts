import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import { usesSecureCookies } from '../config/secure-cookies.ts'
import type { SessionKeyRing, SessionKeys } from './crypto/session-keys.ts'

/**
 * The value of the session cookie: a random id of 256 bits, a dot, and a tag over the id's text. The tag grants nothing,
 * only the store does; it keeps guessed and damaged cookies away from the store. 15 bytes fill exactly 20 characters, so
 * that each tag has one spelling.
 */
const ID_LENGTH = 43
const TAG_BYTES = 15
const VALUE_LENGTH = ID_LENGTH + 1 + 20
const VALUE = /^[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{20}$/

const SPACE = 0x20
const TAB = 0x09
const SEMICOLON = 0x3b

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const

function tag(keys: SessionKeys, id: string): string {
  return createHmac('sha256', keys.tag).update(id).digest().subarray(0, TAG_BYTES).toString('base64url')
}

/** Whether a cookie pair starts at `index`: only white space lies between it and the header's start or a `;` (RFC 6265 §4.2). */
function startsPair(header: string, index: number): boolean {
  let before = index - 1
  while (before >= 0 && (header.charCodeAt(before) === SPACE || header.charCodeAt(before) === TAB)) before--
  return before < 0 || header.charCodeAt(before) === SEMICOLON
}

/** Reads and writes the session cookie. */
export class SessionCookie {
  readonly name: string
  readonly #search: string
  readonly #attributes: string
  readonly #ring: SessionKeyRing

  constructor(config: Pick<Config, 'cookie' | 'server'>, ring: SessionKeyRing) {
    const { name, domain, sameSite, partitioned } = config.cookie
    const secure = usesSecureCookies(config)
    const prefix = domain === undefined ? '__Host-' : '__Secure-'
    this.name = secure ? prefix + name : name // browsers refuse both prefixes without Secure (RFC 6265bis §4.1.3)
    this.#search = `${this.name}=`
    this.#attributes =
      `; Path=/${domain === undefined ? '' : `; Domain=${domain}`}; HttpOnly` +
      `${secure ? '; Secure' : ''}; SameSite=${SAME_SITE[sameSite]}${partitioned ? '; Partitioned' : ''}`
    this.#ring = ring
  }

  /**
   * The raw value of the session cookie, when the header contains it exactly once and with the right length;
   * {@link signer} checks its characters. The name is compared exactly. A cookie that was sent twice, as one that a
   * sibling domain set beside ours (RFC 6265bis §8.6), counts as none. Never throws.
   */
  read(header: string | undefined): string | undefined {
    if (header === undefined) return undefined
    const search = this.#search
    let value: string | undefined
    for (let at = header.indexOf(search); at !== -1; at = header.indexOf(search, at + search.length)) {
      if (!startsPair(header, at)) continue
      if (value !== undefined) return undefined
      const start = at + search.length
      const end = header.indexOf(';', start)
      value = header.slice(start, end === -1 ? undefined : end)
    }
    return value?.length === VALUE_LENGTH ? value : undefined
  }

  /** The keys that a value was tagged with, compared in constant time; undefined: no cookie of this gateway. */
  signer(value: string): SessionKeys | undefined {
    if (!VALUE.test(value)) return undefined
    const given = Buffer.from(value.slice(ID_LENGTH + 1), 'latin1')
    const id = this.idOf(value)
    return this.#ring.find((keys) => timingSafeEqual(given, Buffer.from(tag(keys, id), 'latin1')))
  }

  /** The random part of a value. */
  idOf(value: string): string {
    return value.slice(0, ID_LENGTH)
  }

  /** A new value with a random id. */
  mint(): string {
    const id = randomBytes(32).toString('base64url')
    return `${id}.${tag(this.#ring[0], id)}`
  }

  /** `Set-Cookie` for a value. Without Max-Age it lasts as long as the browser runs; the store decides when it expires. */
  set(value: string): string {
    return `${this.#search}${value}${this.#attributes}`
  }

  /** `Set-Cookie` that removes the cookie. */
  clear(): string {
    return `${this.#search}${this.#attributes}; Max-Age=0`
  }
}
