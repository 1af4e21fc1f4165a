import { createHmac, randomUUID } from 'node:crypto'

export const REQUEST_PROOF = 'X-Gateway-Request'

/** What the proof is bound to. */
export interface ProvedRequest {
  readonly assertion: string
  readonly method: string
  /** Path with query, as sent. */
  readonly path: string
}

/**
 * The value of `X-Gateway-Request`: `<seconds>.<id>.<mac>`. An assertion is sent for ten seconds, with many requests. The
 * proof belongs to one of them, so that a captured assertion is of no use for another. A MAC costs microseconds, where a
 * signature for each request would be among the most expensive steps.
 *
 * The MAC (HMAC-SHA256, base64url, RFC 2104) covers the signature of the assertion, the method, the path, the seconds and
 * the id, each on a line.
 */
export function requestProof(secret: string, { assertion, method, path }: ProvedRequest, now: number): string {
  const signature = assertion.slice(assertion.lastIndexOf('.') + 1)
  const seconds = Math.floor(now / 1000)
  const id = randomUUID()
  const lines = `${signature}\n${method}\n${path}\n${seconds}\n${id}`
  return `${seconds}.${id}.${createHmac('sha256', secret).update(lines).digest('base64url')}`
}
