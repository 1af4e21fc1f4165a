import type { Request } from 'express'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'
import type { Session } from '../sessions/session.ts'
import { bearerTokenOf } from './authorization.ts'
import { clientOf, type LoginSide } from './login-side.ts'

/** The session of a request. @throws Refusal login-required, store-down */
export async function signedIn({ sessions }: LoginSide, req: Request): Promise<Session> {
  const session = await sessions.load(req.headers.cookie)
  if (session === undefined) throw new Refusal('login-required', 'no session')
  return session
}

/**
 * Who asks: by a session, or by a bearer token where there is none. Both at once are refused, so that no answer ever
 * mixes two identities.
 * @throws Refusal login-required, token-invalid, credentials-ambiguous, rate-limited, store-down, issuer-down
 */
export async function principalAndSession(
  side: LoginSide,
  req: Request,
): Promise<{ principal: Principal; session?: Session }> {
  const { authorization } = req.headers
  if (authorization === undefined) {
    const session = await signedIn(side, req)
    return { principal: session.principal, session }
  }
  if ((await side.sessions.load(req.headers.cookie)) !== undefined) {
    throw new Refusal('credentials-ambiguous', 'a session and an Authorization header')
  }
  const token = bearerTokenOf(authorization)
  if (token === undefined) throw new Refusal('token-invalid', 'Authorization is not a bearer token')
  return { principal: await side.verifyBearer(token, clientOf(side, req)) }
}
