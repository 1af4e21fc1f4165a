import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import { usesSecureCookies } from '../config/secure-cookies.ts'
import type { SessionKeyRing, SessionKeys } from './crypto/session-keys.ts'

/**
 * The session cookie: a random id of 256 bits, a dot, and a tag over the id's text. The tag is no authority, the store
 * is; it spares the store every guessed or damaged cookie. 15 bytes fill 20 characters, so no two texts mean one tag.
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

/** Whether a cookie pair starts at `index`: only blanks lie between it and the header's start or a `;` (RFC 6265 §4.2). */
function startsPair(header: string, index: number): boolean {
  let before = index - 1
  while (before >= 0 && (header.charCodeAt(before) === SPACE || header.charCodeAt(before) === TAB)) before--
  return before < 0 || header.charCodeAt(before) === SEMICOLON
}

export class SessionCookie {
  readonly name: string
  readonly #search: string
  readonly #attributes: string
  readonly #ring: SessionKeyRing

  constructor(config: Pick<Config, 'cookie' | 'server'>, ring: SessionKeyRing) {
    const { name, domain, sameSite } = config.cookie
    const secure = usesSecureCookies(config)
    const prefix = domain === undefined ? '__Host-' : '__Secure-'
    this.name = secure ? prefix + name : name // browsers refuse both prefixes without Secure (RFC 6265bis §4.1.3)
    this.#search = `${this.name}=`
    this.#attributes =
      `; Path=/${domain === undefined ? '' : `; Domain=${domain}`}; HttpOnly` +
      `${secure ? '; Secure' : ''}; SameSite=${SAME_SITE[sameSite]}`
    this.#ring = ring
  }

  /**
   * The raw value of the session cookie when the header holds it exactly once and in the right length; its characters
   * are {@link signer}'s business. The name is compared exactly; a cookie sent twice (tossed by a sibling domain,
   * RFC 6265bis §8.6) counts as none. Never throws.
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

  /** The secret a value was tagged with, compared in constant time; undefined: not a cookie of this gateway. */
  signer(value: string): SessionKeys | undefined {
    if (!VALUE.test(value)) return undefined
    const given = Buffer.from(value.slice(ID_LENGTH + 1), 'latin1')
    const id = this.idOf(value)
    return this.#ring.find((keys) => {
      const right = Buffer.from(tag(keys, id), 'latin1')
      return given.length === right.length && timingSafeEqual(given, right)
    })
  }

  /** The random part of a value. */
  idOf(value: string): string {
    return value.slice(0, ID_LENGTH)
  }

  /** A new value, never used before. */
  mint(): string {
    const id = randomBytes(32).toString('base64url')
    return `${id}.${tag(this.#ring[0], id)}`
  }

  /** `Set-Cookie` that hands the value out. No Max-Age: it ends with the browser; the store judges how long it is good. */
  set(value: string): string {
    return `${this.#search}${value}${this.#attributes}`
  }

  /** `Set-Cookie` that takes it back. */
  clear(): string {
    return `${this.#search}${this.#attributes}; Max-Age=0`
  }
}
