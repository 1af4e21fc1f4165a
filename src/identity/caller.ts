import type { Request } from 'express'
import { Refusal } from '../errors.ts'
import type { Session } from '../sessions/session.ts'
import type { LoginSide } from './login-side.ts'

/** The session of a request. @throws Refusal login-required, store-down */
export async function signedIn({ sessions }: LoginSide, req: Request): Promise<Session> {
  const session = await sessions.load(req.headers.cookie)
  if (session === undefined) throw new Refusal('login-required', 'no session')
  return session
}
