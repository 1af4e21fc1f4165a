import type { IncomingMessage, ServerResponse } from 'node:http'

/** True while the client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1). */
export const expectsContinue = (request: IncomingMessage) =>
  request.headers.expect !== undefined && request.httpVersionMinor === 1

const asked = new WeakSet<ServerResponse>()

/** Sends `100 Continue`, once, to a client that waits for it. */
export function askForBody(request: IncomingMessage, response: ServerResponse): void {
  if (!expectsContinue(request) || response.headersSent || asked.has(response)) return
  asked.add(response)
  response.writeContinue()
}
