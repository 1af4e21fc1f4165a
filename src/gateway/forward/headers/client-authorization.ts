import { Refusal } from '../../errors.ts'
import type { RequestHead } from '../../http/request-head.ts'

/** They authenticate a connection (RFC 4559 §6). The gateway sends requests of different callers over one connection. */
const OF_A_CONNECTION = /^(?:ntlm|negotiate)(?:\s|$)/i

/**
 * The client's own `Authorization`, which is for the upstream: opaque bytes, exactly as they were received.
 * Authentication has refused a request with more than one.
 * @throws Refusal request-malformed
 */
export function clientAuthorization({ headers }: Pick<RequestHead, 'headers'>): string | undefined {
  const { authorization } = headers
  if (authorization === undefined || authorization === '') return undefined
  if (OF_A_CONNECTION.test(authorization))
    throw new Refusal('request-malformed', 'Authorization: a scheme that authenticates the connection', {
      explain: 'Use Basic or a token in Authorization: NTLM and Negotiate do not work through the gateway.',
    })
  return authorization
}
