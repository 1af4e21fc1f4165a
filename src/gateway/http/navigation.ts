import type { RequestHead } from './request-head.ts'

type Head = Pick<RequestHead, 'method' | 'headers'>

/**
 * True when a browser is opening a page, so that the response may be a redirect or a page. Everything else gets JSON:
 * a script or an upload that is redirected loses data, and nobody notices.
 */
export function isNavigation({ method, headers }: Head): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const mode = headers['sec-fetch-mode']
  if (mode !== undefined) return mode === 'navigate' && headers.upgrade === undefined
  if (headers['x-requested-with'] !== undefined || headers.authorization !== undefined || headers.upgrade !== undefined)
    return false
  return acceptsHtml(headers.accept)
}

/** A form sent by a page also wants a page back when the request is denied. */
export const wantsPage = (head: Head) =>
  isNavigation(head) || (head.headers['sec-fetch-mode'] === 'navigate' && acceptsHtml(head.headers.accept))

const acceptsHtml = (accept: string | undefined) =>
  accept !== undefined && /(^|[,\s])(text\/html|application\/xhtml\+xml)\s*(;|,|$)/i.test(accept)
