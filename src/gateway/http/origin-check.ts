import { Refusal } from '../errors.ts'
import type { RequestHead } from './request-head.ts'
import { isWebSocket } from './websocket.ts'

type Head = Pick<RequestHead, 'method' | 'headers'>

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether a request can change something for whoever it is sent as, so that its origin matters (RFC 9110 §9.2.1). */
export const changesState = (head: Head) => !SAFE.has(head.method) || isWebSocket(head)

/**
 * The one rule against cross-site request forgery (RFC 10017 §6.1.3.3), for requests that a cookie authenticates.
 * Browsers name the origin of every request that changes something, and of every WebSocket. A client that names neither
 * an origin nor a site is no browser and has no cookie that a foreign page could use.
 * @throws Refusal cross-origin
 */
export function checkOrigin(head: Head, isTrusted: (origin: string) => boolean): void {
  const { origin, 'sec-fetch-site': site } = head.headers
  // `null` is what a browser says of our own page too, when a referrer policy withholds the origin.
  if (origin !== undefined && origin !== 'null') {
    if (isTrusted(origin)) return
    throw new Refusal('cross-origin', 'Origin is not allowed')
  }
  if (isWebSocket(head)) throw new Refusal('cross-origin', 'the WebSocket handshake names no origin')
  if (site === 'same-origin') return
  if (origin === undefined && (site === undefined || site === 'none')) return
  throw new Refusal('cross-origin', 'the request was sent by a page of another origin')
}
