import { Refusal } from '../errors.ts'
import type { RequestHead } from './request-head.ts'

/** After a request that cannot be trusted to end where it says, nothing more is read from its connection. */
const CLOSE = { headers: { Connection: 'close' } }

export interface SyntaxLimits {
  readonly urlBytes: number
  /** Most header fields. */
  readonly headerCount: number
}

/**
 * What Node's strict parser lets through and a proxy must not: other versions (it reads a request line without a
 * version as HTTP/0.9), two Host or Content-Type fields, codings other than `chunked`, chunks in HTTP/1.0, and more than the limits.
 * @throws Refusal `request-malformed`, `url-too-long`, `headers-too-large`
 * @see RFC 9112 §2.3, §3.2, §6.1
 */
export function checkSyntax(head: RequestHead, { urlBytes, headerCount }: SyntaxLimits): void {
  const { httpVersion, rawHeaders } = head
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    throw new Refusal('request-malformed', 'version is not HTTP/1.0 or HTTP/1.1', CLOSE)
  if (head.target.length > urlBytes) throw new Refusal('url-too-long', `target is longer than ${urlBytes} bytes`, CLOSE)
  if (rawHeaders.length > headerCount * 2) throw new Refusal('headers-too-large', `over ${headerCount} fields`, CLOSE)
  const coding = head.headers['transfer-encoding']
  if (coding !== undefined && (httpVersion === '1.0' || coding.toLowerCase() !== 'chunked'))
    throw new Refusal('request-malformed', 'Transfer-Encoding is not just chunked, in HTTP/1.1', CLOSE)
  if (count('host', rawHeaders) > 1) throw new Refusal('request-malformed', 'more than one Host', CLOSE)
  // Node reads the first and an upstream may read the last: a body would be checked as one thing and read as another.
  if (count('content-type', rawHeaders) > 1) throw new Refusal('request-malformed', 'more than one Content-Type', CLOSE)
}

function count(field: string, rawHeaders: readonly string[]): number {
  let found = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === field.length && name.toLowerCase() === field) found += 1
  }
  return found
}
