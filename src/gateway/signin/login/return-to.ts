import { ownOrigins } from '../../config/origins.ts'
import type { Config } from '../../config/schema.ts'

/** Longest return address in characters; a longer one falls back (it has to fit into a cookie). */
export const MAX_RETURN_TO = 2048

/** Where a browser may be sent after login, logout or a change of project. */
export class ReturnTo {
  readonly #publicUrl: string
  readonly #origins: ReadonlySet<string>

  constructor(config: Pick<Config, 'server' | 'routes'>) {
    this.#publicUrl = config.server.publicUrl
    this.#origins = new Set(ownOrigins(config))
  }

  /**
   * Checks a return address: a path, or a URL on one of our origins; anything else becomes `/`.
   * The WHATWG parser decides, and what it read is what is returned, never the given text (RFC 9700 §4.11.1).
   * @param value As the client sent it, decoded once.
   * @param base Origin that a bare path belongs to; the public one unless the request came in on a route's host.
   * @returns A path on publicUrl, or an absolute URL on a route's host. Printable ASCII.
   */
  check(value: unknown, base: string = this.#publicUrl): string {
    if (typeof value !== 'string' || !isPlain(value)) return '/'
    const url = URL.parse(value, this.#origins.has(base) ? base : this.#publicUrl)
    if (url === null || !this.#origins.has(url.origin) || url.username !== '' || url.password !== '') return '/'
    if (isAmbiguous(url.pathname)) return '/'
    const sent = url.origin === this.#publicUrl ? url.pathname + url.search + url.hash : url.href
    return sent.length <= MAX_RETURN_TO ? sent : '/'
  }
}

/** A path with one leading slash or a whole http(s) URL: none of the shorthands that readers disagree about. */
function isPlain(value: string): boolean {
  if (value.length > MAX_RETURN_TO || /[\x00-\x20\x7f-\x9f\\]/.test(value.split('#', 1)[0] ?? '')) return false
  if (/[\x00-\x1f\x7f-\x9f]/.test(value)) return false
  return /^(\/(?!\/)|https?:\/\/(?!\/))/i.test(value)
}

/** Paths that something on the way may decode into another host (`//evil`, `/%5cevil`) or into a new header line. */
function isAmbiguous(pathname: string): boolean {
  return /^\/(\/|%2f|%5c)/i.test(pathname) || /%(0[0-9a-f]|1[0-9a-f]|7f)/i.test(pathname)
}
