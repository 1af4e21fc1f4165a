/** One response as its bytes were received. */
export interface Response {
  readonly status: number
  /** In the order of arrival; names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Latin-1, without the chunks' framing. */
  readonly body: string
}

export const headersOf = ({ headers }: Response, name: string): string[] =>
  headers.filter(([each]) => each === name).map(([, value]) => value)

export const headerOf = (response: Response, name: string): string | undefined => headersOf(response, name)[0]

/** Responses that are complete, in order. */
export interface Read {
  readonly responses: readonly Response[]
  /** Bytes after the last complete response. */
  readonly rest: string
}

export interface ReadOptions {
  /** Whether the other side has closed the connection, which ends a body without a length. */
  readonly ended: boolean
  /** Of the requests: a response to HEAD has no body. Default: GET. */
  readonly method?: string
  /** Whether nothing more is read: a response whose head is complete then counts with the part of the body that is there. */
  readonly cut?: boolean
}

/** Reads whole responses (RFC 9112 §6.3). */
export function readResponses(bytes: string, options: ReadOptions): Read {
  const responses: Response[] = []
  let rest = bytes
  for (let next = takeOne(rest, options); next; next = takeOne(rest, options)) {
    rest = rest.slice(next.length)
    const { status } = next.response
    if (status >= 200 || status === 101) responses.push(next.response)
  }
  return { responses, rest }
}

interface Taken {
  readonly response: Response
  readonly length: number
}

function takeOne(bytes: string, { ended, method = 'GET', cut = false }: ReadOptions): Taken | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(bytes)?.[1]
  const end = bytes.indexOf('\r\n\r\n')
  if (status === undefined || end < 0) return undefined
  const headers = bytes.slice(0, end).split('\r\n').slice(1).map(fieldOf)
  const head = { status: Number(status), headers, body: '' }
  const rest = bytes.slice(end + 4)
  const whole = hasNoBody(head.status, method) ? { body: '', length: 0 } : bodyOf(head, rest, ended)
  const framed = whole ?? (cut ? { body: rest, length: rest.length } : undefined)
  return framed && { response: { ...head, body: framed.body }, length: end + 4 + framed.length }
}

function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

const hasNoBody = (status: number, method: string) =>
  method === 'HEAD' || status < 200 || status === 204 || status === 304

interface Framed {
  readonly body: string
  readonly length: number
}

function bodyOf(head: Response, rest: string, ended: boolean): Framed | undefined {
  if (/chunked\s*$/i.test(headerOf(head, 'transfer-encoding') ?? '')) return chunked(rest)
  const length = headerOf(head, 'content-length')
  if (length === undefined) return ended ? { body: rest, length: rest.length } : undefined
  if (!/^\d+$/.test(length)) return undefined
  const wanted = Number(length)
  return rest.length < wanted ? undefined : { body: rest.slice(0, wanted), length: wanted }
}

function chunked(rest: string): Framed | undefined {
  let body = ''
  for (let at = 0; ; ) {
    const end = rest.indexOf('\r\n', at)
    const digits = /^[0-9a-f]+/i.exec(rest.slice(at, end))?.[0]
    if (end < 0 || digits === undefined) return undefined
    const size = Number.parseInt(digits, 16)
    if (size === 0) {
      const last = rest.indexOf('\r\n\r\n', at)
      return last < 0 ? undefined : { body, length: last + 4 }
    }
    if (rest.length < end + 2 + size + 2) return undefined
    body += rest.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
  }
}
