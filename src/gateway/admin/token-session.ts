import { randomBytes } from 'node:crypto'
import { parseCookie, stringifySetCookie } from 'cookie'
import type { Config } from '../config/schema.ts'
import { ConsoleProofs } from '../console/console-proofs.ts'

/** How long the token need not be entered again, in seconds. */
export const TOKEN_SESSION_SECONDS = 3600
export const TOKEN_CONSOLE_PATH = '/console'

/**
 * Who entered the administration token, in the browser alone: an expiry and a random value, with a proof over both and the
 * hash of the token. Another token ends it, and so does another `session.secrets`. The cookie's name contains that of the
 * session cookie, so that no application on the same host name ever receives it.
 */
export class TokenSessions {
  readonly #name: string
  readonly #proofs: ConsoleProofs

  constructor({ cookie, session }: Pick<Config, 'cookie' | 'session'>) {
    this.#name = `${cookie.name}_console`
    this.#proofs = new ConsoleProofs(session.secrets, 'token session')
  }

  /** `Set-Cookie` of a new one. @param now Milliseconds since the epoch */
  start(tokenHash: string, now: number): string {
    const text = `${Math.floor(now / 1000) + TOKEN_SESSION_SECONDS}.${randomBytes(16).toString('base64url')}`
    return this.#cookie(`${text}.${this.#proofs.make(boundTo(text, tokenHash))}`, TOKEN_SESSION_SECONDS)
  }

  /** What names it, for its forms; undefined: none, expired, or not made by this gateway for this token. */
  find(cookieHeader: string | undefined, tokenHash: string, now: number): string | undefined {
    const [expiry = '', random = '', proof] = (parseCookie(cookieHeader ?? '')[this.#name] ?? '').split('.')
    const text = `${expiry}.${random}`
    if (!this.#proofs.holds(boundTo(text, tokenHash), proof)) return undefined
    return Number(expiry) * 1000 > now ? random : undefined
  }

  /** `Set-Cookie` that removes it. */
  end(): string {
    return this.#cookie('', 0)
  }

  #cookie(value: string, maxAge: number): string {
    return stringifySetCookie({
      ...{ name: this.#name, value, maxAge },
      ...{ path: TOKEN_CONSOLE_PATH, httpOnly: true, sameSite: 'strict' },
    })
  }
}

const boundTo = (text: string, tokenHash: string) => `${text} ${tokenHash}`
