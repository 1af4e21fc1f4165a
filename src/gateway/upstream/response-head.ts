import { invalid } from './errors.ts'

/** How the body of a response ends: after so many bytes, with the last chunk, or with the connection (RFC 9112 §6.3). */
export type Framing = number | 'chunked' | 'close'

export interface ResponseHead {
  readonly status: number
  /** End-to-end fields, name and value in turn, as the upstream spelled them. */
  readonly headers: string[]
  readonly framing: Framing
  /**
   * Whether the connection may carry another exchange. Not after a server error: uvicorn, for one, closes the connection
   * a moment after it, without announcing it, and a request sent in between would be lost.
   */
  readonly reusable: boolean
  /** The protocol that a 101 switches to (RFC 9110 §7.8). */
  readonly upgrade: string | undefined
  /** Seconds the upstream says it keeps an idle connection (`Keep-Alive: timeout=`). */
  readonly idleSeconds: number | undefined
}

type FieldKind =
  | 'end-to-end'
  | 'hop-by-hop'
  | 'connection'
  | 'keep-alive'
  | 'content-length'
  | 'transfer-encoding'
  | 'upgrade'

/** A map, because an object would also have `constructor`, which an upstream may send. */
const KINDS: ReadonlyMap<string, FieldKind> = new Map([
  ['connection', 'connection'],
  ['keep-alive', 'keep-alive'],
  ['content-length', 'content-length'],
  ['transfer-encoding', 'transfer-encoding'],
  ['proxy-connection', 'hop-by-hop'],
  ['te', 'hop-by-hop'],
  ['upgrade', 'upgrade'],
])
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Anything but HTAB, CR, LF and visible characters; and a CR or LF that is not part of a CRLF. */
const FORBIDDEN = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: .*)?$/
const MAX_KNOWN_NAMES = 1000
const NONE: readonly string[] = []

/** Names repeat in every response: each spelling is checked and classified once. Bounded, because an upstream chooses them. */
const knownNames = new Map<string, FieldKind>()

function kindOf(name: string): FieldKind {
  const known = knownNames.get(name)
  if (known !== undefined) return known
  if (!TOKEN.test(name)) throw invalid('the response has a field name that is not a token')
  const kind = KINDS.get(name.toLowerCase()) ?? 'end-to-end'
  if (knownNames.size < MAX_KNOWN_NAMES) knownNames.set(name, kind)
  return kind
}

function parseLength(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw invalid('the response has a Content-Length that is not a number')
  return Number(value)
}

/** Without the spaces and tabs around it. `trim` also removes what is part of a value elsewhere, such as a no-break space. */
function trimSpace(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isSpace = (code: number) => code === 0x20 || code === 0x09

/** `a: b` lines to pairs; optional white space around the value is not part of it (RFC 9112 §5). */
function eachField(lines: readonly string[], from: number, visit: (name: string, value: string) => void): void {
  for (let i = from; i < lines.length; i++) {
    const line = lines[i] as string
    const colon = line.indexOf(':')
    if (colon < 1) throw invalid('the response has a field line without a name')
    visit(line.slice(0, colon), trimSpace(line.slice(colon + 1)))
  }
}

/** Removes what `Connection` names; the field is for one hop (RFC 9110 §7.6.1). */
function withoutNamed(headers: string[], named: readonly string[]): string[] {
  const drop = new Set(named)
  return headers.filter((_, i) => !drop.has((headers[i - (i % 2)] as string).toLowerCase()))
}

/**
 * Reads a status line and its fields, without the empty line that ends them.
 * Strict: one framing, no folding, no bare CR or LF. A head that two parsers could read differently is invalid.
 * @throws UpstreamError `invalid`
 * @see RFC 9112 §4, §5, §6.3
 */
export function parseResponseHead(text: string, method: string): ResponseHead {
  if (FORBIDDEN.test(text)) throw invalid('the response has a control character or a bare line end in its head')
  const lines = text.split('\r\n')
  const line = STATUS_LINE.exec(lines[0] as string)
  if (!line) throw invalid('the response does not begin with an HTTP/1.x status line')
  const status = Number(line[2])
  const headers: string[] = []
  let connection = ''
  let length: number | undefined
  let chunked = false
  let idleSeconds: number | undefined
  let upgrade: string | undefined
  eachField(lines, 1, (name, value) => {
    const kind = kindOf(name)
    if (kind === 'end-to-end') headers.push(name, value)
    else if (kind === 'content-length') {
      if (length !== undefined) throw invalid('the response has two Content-Length fields')
      length = parseLength(value)
    } else if (kind === 'transfer-encoding') {
      if (chunked || value.toLowerCase() !== 'chunked')
        throw invalid('the response has a Transfer-Encoding other than chunked')
      chunked = true
    } else if (kind === 'connection') connection += `,${value.toLowerCase()}`
    else if (kind === 'keep-alive') idleSeconds = keepAliveTimeout(value)
    else if (kind === 'upgrade') upgrade = upgrade === undefined ? value.toLowerCase() : `${upgrade}, ${value}`
  })
  const http10 = line[1] === '0'
  if (chunked && (length !== undefined || http10)) throw invalid('the response has two framings')
  const named = connection === '' || connection === ',keep-alive' ? NONE : connection.split(',').map(trimSpace)
  const bodyless = status < 200 || status === 204 || status === 304 || method === 'HEAD'
  // Content-Length of a HEAD or 304 response describes another response and is passed on; a 204 has none (RFC 9110 §8.6).
  if (length !== undefined && status >= 200 && status !== 204) headers.push('Content-Length', String(length))
  const framing = bodyless ? 0 : chunked ? 'chunked' : (length ?? 'close')
  return {
    status,
    headers: named.length > 0 ? withoutNamed(headers, named) : headers,
    framing,
    reusable: !http10 && framing !== 'close' && status !== 101 && status < 500 && !named.includes('close'),
    upgrade,
    idleSeconds,
  }
}

function keepAliveTimeout(value: string): number | undefined {
  const match = /(?:^|[,\s])timeout=(\d{1,6})(?:$|[,\s])/.exec(value)
  return match ? Number(match[1]) : undefined
}

/** Fields that matter to framing, routing, authentication or caching must not be trailers (RFC 9110 §6.5.1). */
const NOT_AS_TRAILER =
  /^(?:set-cookie|cache-control|expires|vary|location|www-authenticate|authorization|content-.*|trailer|host|x-forwarded-.*|x-request-id|x-gateway-.*|access-control-.*|clear-site-data)$/i

/** Reads a trailer section; fields that must not be trailers are dropped. @throws UpstreamError `invalid` */
export function parseTrailers(text: string): string[] {
  const trailers: string[] = []
  if (text === '') return trailers
  if (FORBIDDEN.test(text)) throw invalid('the response has a control character or a bare line end in its trailers')
  eachField(text.split('\r\n'), 0, (name, value) => {
    if (kindOf(name) === 'end-to-end' && !NOT_AS_TRAILER.test(name)) trailers.push(name, value)
  })
  return trailers
}
