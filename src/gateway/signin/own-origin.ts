import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../errors.ts'

/**
 * Refuses a state-changing request of a foreign page (RFC 10017 §6.1.3.3). Browsers name the origin of every POST; a
 * client that names neither origin nor site is no browser and has no cookie that somebody else could ride on.
 * @throws Refusal cross-origin
 */
export function checkOwnOrigin(headers: IncomingHttpHeaders, trusted: ReadonlySet<string>): void {
  const { origin } = headers
  if (origin !== undefined && trusted.has(origin)) return
  const site = headers['sec-fetch-site']
  // `null` is what a browser says of our own page too, when something withholds the referrer
  if ((origin === undefined || origin === 'null') && site === 'same-origin') return
  if (origin === undefined && (site === undefined || site === 'none')) return
  throw new Refusal('cross-origin', 'the request was sent by a page of another origin')
}
