import { finish, isSending } from './finish.ts'
import type { Reply, Transport } from './reply.ts'

/** What is added to a reply of whatever kind. */
export interface ReplyHeaders {
  /** Security headers, unless the reply sets them itself. */
  readonly base: Readonly<Record<string, string>>
  /** Headers of this very response (CORS, cookies): names and values in turn. */
  readonly added: readonly string[]
  readonly requestId: string
}

/**
 * Turns a reply into bytes: the only place that does.
 * @returns bytes of the body sent
 */
export function sendReply({ request, response }: Transport, reply: Reply, { base, added, requestId }: ReplyHeaders) {
  const { status, body = '' } = reply
  const given = namesIn(reply.headers)
  const headers = [...reply.headers]
  for (const name in base) if (!given.has(name.toLowerCase())) headers.push(name, base[name] as string)
  for (const item of added) headers.push(item)
  headers.push('X-Request-Id', requestId)
  if (status !== 204) headers.push('Content-Length', String(Buffer.byteLength(body)))
  // A body that nobody reads would be taken for the next request (RFC 9112 §9.3).
  if (isSending(request) && !given.has('connection')) headers.push('Connection', 'close')
  response.writeHead(status, headers)
  // The method of this very request: forward auth asks by GET about a HEAD, and waits for the bytes it was promised.
  const hasBody = request.method !== 'HEAD' && status !== 204
  finish(request, response, hasBody ? body : undefined)
  return hasBody ? Buffer.byteLength(body) : 0
}

function namesIn(headers: readonly string[]): Set<string> {
  const names = new Set<string>()
  for (let i = 0; i < headers.length; i += 2) names.add((headers[i] as string).toLowerCase())
  return names
}
