import { Refusal } from '../errors.ts'

/**
 * The one reading of a request target. What comes out is canonical, and exactly that is routed, authorized and forwarded
 * (RFC 3986 §6.2.2): escapes of unreserved characters are decoded, other escapes are upper case, and whatever two
 * readers could read in two ways is refused.
 */
export interface Target {
  /** Canonical path, percent-encoded, always with a leading slash. */
  readonly path: string
  /** `path` decoded once: what an application reads. */
  readonly decodedPath: string
  /** Query without `?`, byte for byte as it came. */
  readonly query: string
  /** Findings that are refused unless the application's profile says that it reads them in one way only. */
  readonly oddities: readonly Oddity[]
}

export type Oddity = 'encoded-slash' | 'semicolon' | 'double-encoding'

/** Segments of letters, digits and `-_.~` that do not start with a dot: most requests, and nothing to decide. */
const PLAIN = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)*\/?$/
/** RFC 3986 pchar and `/`, with escapes still to be looked at. No raw control, space, quote, `\`, `^`, non-ASCII. */
const LEGAL_PATH = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/
/** Query: the same and `?`; a few characters that real clients leave bare are passed too, `#` and controls never. */
const LEGAL_QUERY = /^[\x21\x22\x24-\x7e]*$/
const UNRESERVED = /[A-Za-z0-9\-._~]/
const NONE: readonly Oddity[] = []

/**
 * @param raw the request target as it came on the wire, origin-form only (RFC 9112 §3.2.1)
 * @throws Refusal `request-malformed` or `path-ambiguous`
 */
export function parseTarget(raw: string): Target {
  const mark = raw.indexOf('?')
  const path = mark < 0 ? raw : raw.slice(0, mark)
  const query = mark < 0 ? '' : raw.slice(mark + 1)
  if (query !== '' && !LEGAL_QUERY.test(query))
    throw new Refusal('request-malformed', 'query has characters outside printable ASCII')
  if (PLAIN.test(path) && path !== '') return { path, decodedPath: path, query, oddities: NONE }
  return parseOddPath(path, query)
}

function parseOddPath(raw: string, query: string): Target {
  if (!raw.startsWith('/')) throw new Refusal('request-malformed', 'request target is not in origin-form')
  if (!LEGAL_PATH.test(raw)) throw new Refusal('path-ambiguous', 'path has characters that are not legal there')
  const path = raw.replace(/%[0-9A-Fa-f]{2}/g, canonicalEscape)
  const decodedPath = decodeOnce(path)
  if (path.includes('//')) throw new Refusal('path-ambiguous', 'path has an empty segment')
  if (/[\x00-\x1f\x7f\\]/.test(decodedPath))
    throw new Refusal('path-ambiguous', 'path has an encoded control or backslash')
  // Servers differ on where a segment ends: at `/`, at a decoded slash, at `;`. A dot segment in any reading is refused.
  if (decodedPath.split('/').some(isDotSegment)) throw new Refusal('path-ambiguous', 'path has a dot segment')
  return { path, decodedPath, query, oddities: findOddities(path, decodedPath) }
}

function canonicalEscape(octet: string): string {
  const char = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
  return UNRESERVED.test(char) ? char : octet.toUpperCase()
}

/** Strict UTF-8: overlong forms and stray bytes are refused. */
function decodeOnce(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new Refusal('path-ambiguous', 'path escapes are not UTF-8')
  }
}

const isDotSegment = (segment: string) => /^\.{1,2}(;.*)?$/.test(segment.trim())

function findOddities(path: string, decodedPath: string): Oddity[] {
  const oddities: Oddity[] = []
  if (path.includes('%2F')) oddities.push('encoded-slash')
  if (decodedPath.includes(';')) oddities.push('semicolon')
  if (/%(?:2[ef5]|5c|0|1|3[bf]|23|7f|u)/i.test(decodedPath)) oddities.push('double-encoding')
  return oddities
}
