import type { RouteConfig } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { RequestTrace } from '../http/request-trace.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Caller } from './caller.ts'
import { type CredentialsRoute, credentialsOf } from './credentials-field.ts'
import type { ProvedRequest } from './proof/verify-proof.ts'

/** Authenticates the caller of a request; undefined: it has no credentials. @throws Refusal for credentials that are not valid */
export type Authenticate = (credentials: Credentials) => Caller | undefined | Promise<Caller | undefined>

/** The parts of a request that authentication needs. */
export interface Credentials {
  readonly head: Pick<RequestHead, 'headers' | 'clientAddress'> & ProvedRequest['head']
  /** The route of the request, if any: it decides where credentials are, and whether Basic ones are accepted. */
  readonly route:
    | (CredentialsRoute & { readonly config: Pick<RouteConfig, 'basicCredentials' | 'host' | 'path'> })
    | undefined
  /** The trace of the request, if any: a refresh that it causes is a part of it. */
  readonly trace?: RequestTrace | undefined
  /** Headers for whatever response follows: names and values in turn. Absent: there is none to add to. */
  readonly responseHeaders?: string[] | undefined
  /** The request was authenticated before, with the same credentials. */
  readonly isReauthorization?: boolean
}

/** Where credentials were presented. */
export interface Presented {
  readonly clientAddress: string
  readonly route: Credentials['route']
  /** What a proof of possession must be about. Absent: a token that is bound to a key is refused. */
  readonly request?: ProvedRequest
  readonly isReauthorization?: boolean | undefined
}

/**
 * Verifies the value of an `Authorization` or `Proxy-Authorization` header.
 * @throws Refusal `token-invalid`, `proof-invalid`, `proof-nonce-required`, `issuer-down`, `store-down`, `rate-limited`
 */
export type VerifyAuthorization = (header: string, presented: Presented) => Caller | Promise<Caller>

/**
 * Accepts a session cookie or an `Authorization` header (RFC 6750 §2.1), which a route may replace by
 * `Proxy-Authorization`, and credentials in no other place. Both together
 * must name the same subject, so that no request combines two identities.
 */
export function buildAuthenticate(sessions: Sessions, verify: VerifyAuthorization): Authenticate {
  const bySession = (
    cookie: string | undefined,
    trace: RequestTrace | undefined,
  ): Caller | undefined | Promise<Caller | undefined> => {
    const known = sessions.peek(cookie, trace)
    if (known === 'none') return undefined
    if (known !== undefined) return { principal: known.principal, via: 'session', session: known }
    return sessions
      .load(cookie, trace)
      .then((session) => session && { principal: session.principal, via: 'session', session })
  }
  return ({ head, route, trace, responseHeaders, isReauthorization }) => {
    const { clientAddress } = head
    const { cookie } = head.headers
    const credentials = credentialsOf(head, route)
    if (credentials === undefined) return bySession(cookie, trace)
    const presented = { clientAddress, route, request: { head, responseHeaders }, isReauthorization }
    return both(verify(credentials, presented), bySession(cookie, trace))
  }
}

async function both(
  bearer: Caller | Promise<Caller>,
  session: Caller | undefined | Promise<Caller | undefined>,
): Promise<Caller> {
  const [byToken, bySession] = await Promise.all([bearer, session])
  if (bySession === undefined) return byToken
  const same =
    byToken.principal.subject === bySession.principal.subject && byToken.principal.issuer === bySession.principal.issuer
  if (!same) throw new Refusal('credentials-ambiguous', 'cookie and Authorization name different subjects')
  return bySession
}
