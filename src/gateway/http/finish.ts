import type { IncomingMessage, ServerResponse } from 'node:http'

/** How long a client may go on sending a body that nobody wants, ms. */
const LINGER_MS = 10_000

/** True when the request has a body of which not everything has arrived. */
export const isSending = ({ complete, headers }: IncomingMessage) =>
  !complete &&
  (headers['transfer-encoding'] !== undefined ||
    (headers['content-length'] !== undefined && headers['content-length'] !== '0'))

/** Responses that are written to their last byte while their requests are still being received. */
const written = new WeakSet<ServerResponse>()

/** True when the client has been sent the whole response. */
export const isWritten = (response: ServerResponse) => response.writableEnded || written.has(response)

/**
 * Ends a response whose head says how long it is. A client that is still sending gets the whole response at once, and
 * the connection stays readable for a while: closing it on unread bytes would reset it, and the client would lose the
 * response (RFC 9112 §9.6). Such a response must carry `Connection: close`.
 */
export function finish(request: IncomingMessage, response: ServerResponse, body?: string | Uint8Array): void {
  if (!isSending(request)) {
    response.end(body)
    return
  }
  if (body === undefined || body.length === 0) response.flushHeaders()
  else response.write(body)
  written.add(response)
  const timer = setTimeout(() => response.end(), LINGER_MS)
  request.once('close', () => clearTimeout(timer))
  request.once('end', () => response.end())
  request.resume()
}
