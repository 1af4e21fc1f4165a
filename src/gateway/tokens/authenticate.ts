import { Refusal } from '../errors.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { RequestTrace } from '../http/request-trace.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Caller } from './caller.ts'
import { type CredentialsRoute, credentialsOf } from './credentials-field.ts'

/** Authenticates the caller of a request; undefined: it has no credentials. @throws Refusal for credentials that are not valid */
export type Authenticate = (credentials: Credentials) => Caller | undefined | Promise<Caller | undefined>

/** The parts of a request that authentication needs. */
export interface Credentials {
  readonly head: Pick<RequestHead, 'headers' | 'rawHeaders' | 'clientAddress'>
  /** The route of the request, if any: it decides where credentials are, and whether Basic ones are accepted. */
  readonly route: (CredentialsRoute & { readonly config: { readonly basicCredentials: boolean } }) | undefined
  /** The trace of the request, if any: a refresh that it causes is a part of it. */
  readonly trace?: RequestTrace | undefined
}

/** Where credentials were presented. */
export interface Presented {
  readonly clientAddress: string
  readonly route: Credentials['route']
}

/** Verifies the value of an `Authorization` or `Proxy-Authorization` header. @throws Refusal `token-invalid`, `issuer-down`, `rate-limited` */
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
  return ({ head, route, trace }) => {
    const { clientAddress } = head
    const { cookie } = head.headers
    const credentials = credentialsOf(head, route)
    if (credentials === undefined) return bySession(cookie, trace)
    return both(verify(credentials, { clientAddress, route }), bySession(cookie, trace))
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
