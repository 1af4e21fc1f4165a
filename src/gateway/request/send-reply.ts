import type { AppReply } from '../apps/profile.ts'
import type { Exchange } from '../routing/request-context.ts'

/** Sends a response of the gateway's own instead of the application's. */
export function sendReply(
  { request, response, requestId, responseHeaders }: Exchange,
  { status, headers, body }: AppReply,
): void {
  const head = [...responseHeaders, 'X-Request-Id', requestId, 'Content-Length', String(Buffer.byteLength(body))]
  for (const [name, value] of Object.entries(headers)) head.push(name, value)
  response.writeHead(status, head)
  response.end(request.method === 'HEAD' ? undefined : body)
}
