import { randomBytes } from 'node:crypto'
import { stringifySetCookie } from 'cookie'
import { digest } from '../../../shared/digest.ts'
import type { Config } from '../../config/schema.ts'
import { usesSecureCookies } from '../../config/secure-cookies.ts'
import { Sealer } from '../../sessions/crypto/sealing.ts'

/** How long a person may take at the issuer, in seconds. */
export const LOGIN_SECONDS = 600
/** Difference between the clocks of two replicas that a login survives, in seconds: each a minute off, and some. */
const SKEW_SECONDS = 150
/** How long a state is known to be spent, in seconds: a replica whose clock is behind takes it for fresh that long. */
export const SPENT_SECONDS = LOGIN_SECONDS + SKEW_SECONDS
const MAX_PENDING = 5
/** Characters of all pending logins together in a `Cookie` header. */
const MAX_COOKIE_CHARACTERS = 4000

/** A sign-in that must reach what a route or the console demands. */
export interface StartedStepUp {
  /** Name of what demands it. */
  readonly name: string
  /** Who was signed in when it began: nobody else may finish it. Absent: nobody. */
  readonly subject?: string | undefined
}

/** A login that was started and not yet finished. */
export interface PendingLogin {
  /** Random and opaque; the return address is not in it (RFC 9700 §4.7.1). */
  readonly state: string
  readonly nonce: string
  /** PKCE code verifier (RFC 7636 §4.1). */
  readonly verifier: string
  readonly returnTo: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** What the sign-in must reach; undefined: nothing in particular. */
  readonly stepUp?: StartedStepUp | undefined
}

/** Previous versions have a number in the place of the name. */
type EncodedLogin = [string, string, string, string, number, (string | number)?, string?]

type CookieSettings = Pick<Config, 'server' | 'session' | 'cookie' | 'issuer'>

/** Beginning of the names of login cookies: the request path keeps every cookie named so from the upstreams. */
export const loginCookiePrefix = (config: Pick<Config, 'server' | 'cookie'>): string =>
  `${usesSecureCookies(config) ? '__Host-' : ''}${config.cookie.name}_login_`

/**
 * Pending logins, kept in the browser: one sealed cookie each, so that several tabs may log in at once and a
 * thousand starts cost the server nothing. Being single-use is enforced elsewhere, by `claimOnce`.
 */
export class PendingLogins {
  readonly #sealer: Sealer
  readonly #prefix: string
  readonly #secure: boolean
  readonly #partitioned: boolean
  readonly #issuer: string

  constructor(config: CookieSettings) {
    this.#sealer = new Sealer(config.session.secrets, 'login state')
    this.#prefix = loginCookiePrefix(config)
    this.#secure = usesSecureCookies(config)
    this.#partitioned = config.cookie.partitioned
    this.#issuer = `${config.issuer.url} ${config.issuer.clientId}`
  }

  start(returnTo: string, now: number, stepUp?: StartedStepUp): PendingLogin {
    const random = () => randomBytes(32).toString('base64url')
    return { state: random(), nonce: random(), verifier: random(), returnTo, startedAt: now, stepUp }
  }

  /** `Set-Cookie` values that keep `login` and clear the oldest others past the limits of count and size. */
  remember(login: PendingLogin, cookieHeader: string | undefined, now: number): string[] {
    const name = this.#nameOf(login.state)
    const value = this.#sealer.seal(
      JSON.stringify([
        ...[login.state, login.nonce, login.verifier, login.returnTo, login.startedAt],
        ...(login.stepUp === undefined ? [] : [login.stepUp.name, login.stepUp.subject]),
      ]),
      this.#context(name),
    )
    let room = MAX_COOKIE_CHARACTERS - name.length - value.length
    const kept = new Set<string>()
    for (const other of this.#pending(cookieHeader, now)) {
      room -= other.name.length + other.value.length
      if (kept.size < MAX_PENDING - 1 && room >= 0) kept.add(other.name)
    }
    const ended = new Set(this.#pairs(cookieHeader).flatMap((pair) => (kept.has(pair.name) ? [] : pair.name)))
    return [...[...ended].map((old) => this.#cookie(old, '', 0)), this.#cookie(name, value, LOGIN_SECONDS)]
  }

  /** The login that `state` belongs to in this browser; undefined when there is none, it is changed or too old. */
  find(state: string, cookieHeader: string | undefined, now: number): PendingLogin | undefined {
    const name = this.#nameOf(state)
    const found = this.#pairs(cookieHeader).filter((pair) => pair.name === name)
    const only = found[0]
    if (only === undefined || found.length > 1) return undefined
    const login = this.#open(only.name, only.value, now)
    return login?.state === state ? login : undefined
  }

  /** `Set-Cookie` value that removes the login's cookie. */
  forget(state: string): string {
    return this.#cookie(this.#nameOf(state), '', 0)
  }

  #nameOf(state: string): string {
    return this.#prefix + digest(state).slice(0, 16)
  }

  /** The issuer is part of what is authenticated: a login begun at another issuer does not open (RFC 9700 §4.4). */
  #context(name: string): string {
    return `${name} ${this.#issuer}`
  }

  #cookie(name: string, value: string, maxAge: number): string {
    const partitioned = this.#partitioned
    // In a frame, the issuer's redirect back to the gateway comes from another site and has no Lax cookie.
    const sameSite = partitioned ? 'none' : 'lax'
    return stringifySetCookie({
      ...{ name, value, maxAge, path: '/', httpOnly: true },
      ...{ sameSite, secure: this.#secure, partitioned },
    })
  }

  #pairs(cookieHeader = ''): { name: string; value: string }[] {
    return cookieHeader.split(';').flatMap((part) => {
      const at = part.indexOf('=')
      const name = part.slice(0, at).trim()
      return at > 0 && name.startsWith(this.#prefix) && isToken(name)
        ? [{ name, value: part.slice(at + 1).trim() }]
        : []
    })
  }

  /** Pending logins of this browser, newest first. */
  #pending(cookieHeader: string | undefined, now: number): { name: string; value: string; startedAt: number }[] {
    const open = this.#pairs(cookieHeader).flatMap((pair) => {
      const login = this.#open(pair.name, pair.value, now)
      return login === undefined ? [] : [{ ...pair, startedAt: login.startedAt }]
    })
    return open.sort((a, b) => b.startedAt - a.startedAt)
  }

  #open(name: string, value: string, now: number): PendingLogin | undefined {
    const text = this.#sealer.open(value, this.#context(name))
    if (text === undefined) return undefined
    const [state, nonce, verifier, returnTo, startedAt, demander, subject] = JSON.parse(text) as EncodedLogin
    const stepUp = typeof demander === 'string' ? { name: demander, subject: subject ?? undefined } : undefined
    const age = now - startedAt
    return age > -SKEW_SECONDS * 1000 && age < LOGIN_SECONDS * 1000
      ? { state, nonce, verifier, returnTo, startedAt, stepUp }
      : undefined
  }
}

const isToken = (name: string) => /^[\w-]+$/.test(name)
