import type { IncomingMessage, ServerResponse } from 'node:http'

/** A whole response of the gateway's own: a plain value that the responder writes. */
export interface Reply {
  readonly status: number
  /** Names and values in turn; a name may occur more than once. */
  readonly headers: readonly string[]
  readonly body?: string | Uint8Array
}

/** The two ends of one request on its connection: where its body comes from and where its response goes. */
export interface Transport {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export const jsonReply = (status: number, body: unknown, headers: readonly string[] = []): Reply => ({
  status,
  headers: ['Content-Type', 'application/json; charset=utf-8', ...headers],
  body: JSON.stringify(body),
})

/** A redirect. 303 makes every browser follow with GET, so that no body is ever sent on (RFC 9700 §4.12). */
export const redirectReply = (location: string, status: 302 | 303 | 308 = 303): Reply => ({
  status,
  headers: ['Location', location, 'Cache-Control', 'no-store'],
})

/** A page with the headers that belong to it. */
export const pageReply = (
  status: number,
  { headers, html }: { readonly headers: Readonly<Record<string, string>>; readonly html: string },
  more: Readonly<Record<string, string>> = {},
): Reply => ({ status, headers: Object.entries({ ...headers, ...more }).flat(), body: html })
