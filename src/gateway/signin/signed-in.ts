import { Refusal } from '../errors.ts'
import type { Session } from '../sessions/session.ts'
import type { Caller } from '../tokens/caller.ts'
import type { SignInContext } from './sign-in-context.ts'
import type { SignInRequest } from './sign-in-request.ts'

/** The session of a request. @throws Refusal login-required, store-down */
export async function signedIn({ sessions }: SignInContext, request: SignInRequest): Promise<Session> {
  const session = await sessions.load(request.head.headers.cookie)
  if (session === undefined) throw new Refusal('login-required', 'no session')
  request.caller = { principal: session.principal, via: 'session', session }
  return session
}

/**
 * Who is calling: by a session or by a bearer token, authenticated as on every route.
 * @throws Refusal login-required, token-invalid, credentials-ambiguous, rate-limited, store-down, issuer-down
 */
export async function callerOf({ authenticate }: SignInContext, request: SignInRequest): Promise<Caller> {
  const caller = await authenticate({ head: request.head, route: undefined, trace: request.trace })
  if (caller === undefined) throw new Refusal('login-required', 'neither session nor token')
  request.caller = caller
  return caller
}
