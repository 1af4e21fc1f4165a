import type { RequestHead } from './request-head.ts'

/** What a browser does not send by itself when it opens a page. */
const PROGRAM = ['x-requested-with', 'authorization', 'proxy-authorization', 'upgrade'] as const

type Head = Pick<RequestHead, 'method' | 'headers'>

/**
 * True when a browser is opening a page, so that the response may be a redirect or a page. Everything else gets JSON:
 * a script or an upload that is redirected loses data, and nobody notices.
 */
export function isNavigation({ method, headers }: Head): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  const mode = headers['sec-fetch-mode']
  if (mode !== undefined) return mode === 'navigate' && headers.upgrade === undefined
  if (PROGRAM.some((name) => headers[name] !== undefined)) return false
  return acceptsHtml(headers.accept)
}

/** A form sent by a page also wants a page back when the request is denied. */
export const wantsPage = (head: Head) =>
  isNavigation(head) || (head.headers['sec-fetch-mode'] === 'navigate' && acceptsHtml(head.headers.accept))

const acceptsHtml = (accept: string | undefined) =>
  accept !== undefined && /(^|[,\s])(text\/html|application\/xhtml\+xml)\s*(;|,|$)/i.test(accept)
