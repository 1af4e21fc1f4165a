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

/**
 * Reads whole responses (RFC 9112 §6.3).
 * @param ended Whether the other side has closed the connection, which ends a body without a length.
 * @param method Of the requests: a response to HEAD has no body.
 */
export function readResponses(bytes: string, ended: boolean, method = 'GET'): Read {
  const responses: Response[] = []
  let rest = bytes
  for (let next = takeOne(rest, ended, method); next; next = takeOne(rest, ended, method)) {
    rest = rest.slice(next.length)
    const { status } = next.response
    if (status >= 200 || status === 101) responses.push(next.response)
  }
  return { responses, rest }
}

function takeOne(bytes: string, ended: boolean, method: string): { response: Response; length: number } | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(bytes)?.[1]
  const end = bytes.indexOf('\r\n\r\n')
  if (status === undefined || end < 0) return undefined
  const headers = bytes.slice(0, end).split('\r\n').slice(1).map(fieldOf)
  const head = { status: Number(status), headers, body: '' }
  const framed = hasNoBody(head.status, method) ? { body: '', length: 0 } : bodyOf(head, bytes.slice(end + 4), ended)
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
  const wanted = Number(length)
  return rest.length < wanted ? undefined : { body: rest.slice(0, wanted), length: wanted }
}

function chunked(rest: string): Framed | undefined {
  let body = ''
  for (let at = 0; ; ) {
    const end = rest.indexOf('\r\n', at)
    const size = Number.parseInt(rest.slice(at, end), 16)
    if (end < 0 || Number.isNaN(size)) return undefined
    if (size === 0) {
      const last = rest.indexOf('\r\n\r\n', at)
      return last < 0 ? undefined : { body, length: last + 4 }
    }
    if (rest.length < end + 2 + size + 2) return undefined
    body += rest.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
  }
}
