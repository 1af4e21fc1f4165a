import type { IncomingMessage } from 'node:http'

/**
 * True when a browser is opening a page, so that the answer may be a redirect or a page. Everything else gets JSON:
 * a redirect answered to a script or an upload is data loss that nobody notices.
 */
export function isNavigation(request: IncomingMessage): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false
  const { headers } = request
  const mode = headers['sec-fetch-mode']
  if (mode !== undefined) return mode === 'navigate' && headers.upgrade === undefined
  if (headers['x-requested-with'] !== undefined || headers.authorization !== undefined || headers.upgrade !== undefined)
    return false
  return acceptsHtml(headers.accept)
}

/** A form sent by a page also wants a page back when it is refused. */
export const wantsPage = (request: IncomingMessage) =>
  isNavigation(request) || (request.headers['sec-fetch-mode'] === 'navigate' && acceptsHtml(request.headers.accept))

const acceptsHtml = (accept: string | undefined) =>
  accept !== undefined && /(^|[,\s])(text\/html|application\/xhtml\+xml)\s*(;|,|$)/i.test(accept)
