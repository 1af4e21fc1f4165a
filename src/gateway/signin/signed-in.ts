import type { Request } from 'express'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'
import type { Session } from '../sessions/session.ts'
import { clientOf, type SignInContext } from './sign-in-context.ts'

/** The session of a request. @throws Refusal login-required, store-down */
export async function signedIn({ sessions }: SignInContext, req: Request): Promise<Session> {
  const session = await sessions.load(req.headers.cookie)
  if (session === undefined) throw new Refusal('login-required', 'no session')
  return session
}

/**
 * Who asks: by a session or by a bearer token, judged as on every route.
 * @throws Refusal login-required, token-invalid, credentials-ambiguous, rate-limited, store-down, issuer-down
 */
export async function principalAndSession(
  side: SignInContext,
  req: Request,
): Promise<{ principal: Principal; session?: Session }> {
  const caller = await side.authenticate({ request: req, route: undefined, clientAddress: clientOf(side, req) })
  if (caller === undefined) throw new Refusal('login-required', 'neither session nor token')
  return caller
}
