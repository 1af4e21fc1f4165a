import { isNavigation } from '../http/navigation.ts'
import type { AdmittedRequest } from '../routing/admitted-request.ts'
import type { Rewrite } from './rewrite.ts'

/** Path of the script, on every host of the gateway. */
export const PAGE_BAR_PATH = '/auth/page-bar.js'

const TAG = Buffer.from(`<script src="${PAGE_BAR_PATH}" defer></script>`)
/** Pages beyond this stay as they are, bytes. */
const MAX_BYTES = 2_097_152

/** Request headers that a page with the bar is asked for without: it comes whole, and not compressed. */
export const NOT_FOR_PAGES = ['accept-encoding', 'if-none-match', 'if-modified-since', 'range'] as const

/** Whether the response to this request is a page of the application, opened by a person with a session. */
export function isPageForBar({ context, route, below }: AdmittedRequest): boolean {
  const { head, caller } = context
  return (
    route.config.pageBar === 'on' &&
    head.method === 'GET' &&
    caller?.via === 'session' &&
    route.profile.isPage?.(below.app) === true &&
    isNavigation(head)
  )
}

/**
 * Before the application's own scripts, which run in the order of the page: what the script sets up is there when the
 * application starts. After a comment nobody knows whether `<script` is one: then at the end of the head.
 */
function placeIn(head: Buffer): number {
  const first = head.indexOf('<script')
  const comment = head.indexOf('<!--')
  return first < 0 || (comment >= 0 && comment < first) ? head.length : first
}

/** Adds the script to an HTML page; everything else stays as it is. */
export const pageBarRewrite: Rewrite = {
  maxBytes: MAX_BYTES,
  apply(status, body, contentType) {
    if (status !== 200 || !/^text\/html\b/i.test(contentType)) return body
    const end = body.lastIndexOf('</head>')
    if (end < 0) return Buffer.concat([body, TAG])
    const at = placeIn(body.subarray(0, end))
    return Buffer.concat([body.subarray(0, at), TAG, body.subarray(at)])
  },
}
