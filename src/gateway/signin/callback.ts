import type { RequestHandler, Response } from 'express'
import { Refusal } from '../errors.ts'
import type { SignedIn } from '../issuer/grants.ts'
import { addressKey } from '../tokens/attempts.ts'
import { callbackUrl } from './login.ts'
import { digest, type PendingLogin, SPENT_SECONDS } from './pending-logins.ts'
import { clientOf, queryOf, redirect, requestIdOf, type SignInContext, sendPage } from './sign-in-context.ts'

/** Time the issuer has for everything after the code, in milliseconds beyond one answer. */
const GRACE_MS = 1000

/** What the issuer's answer holds, each parameter at most once. */
interface AuthorizationAnswer {
  readonly state: string
  readonly code?: string
  readonly error?: string
  readonly iss?: string
}

/** `GET /auth/callback`: judges the answer, claims the login, redeems the code, starts a session. */
export function finishLogin(side: SignInContext): RequestHandler {
  return async (req, res) => {
    side.attempts.callbacks.take(addressKey(clientOf(side, req)))
    const answer = parseAnswer(queryOf(req))
    const login = side.pending.find(answer.state, req.headers.cookie, side.clock())
    if (login === undefined) throw new Refusal('login-expired', 'no pending login for this state in this browser')
    res.locals.returnTo = login.returnTo
    const { metadata } = await side.issuer.discovered()
    await claim(side, login) // from here on the state is spent, whatever follows (RFC 9700 §4.2.4)
    res.append('set-cookie', side.pending.forget(login.state))
    checkIssuer(answer, metadata.issuer, metadata.authorization_response_iss_parameter_supported === true)
    if (answer.error !== undefined) throw errorAnswer(answer.error)
    const loggedIn = await inTime(side, side.issuer.grants.redeem(callbackWith(side, answer), login))
    await startSession(side, loggedIn, req.headers, res)
    arrive(side, res, side.returnTo.check(login.returnTo))
  }
}

/** @throws Refusal request-malformed: a parameter twice, neither or both of code and error; login-expired: no state */
function parseAnswer(query: URLSearchParams): AuthorizationAnswer {
  const one = (name: string): string | undefined => {
    const values = query.getAll(name)
    if (values.length > 1) throw new Refusal('request-malformed', `${name}: expected once, got ${values.length} times`)
    return values[0] === '' ? undefined : values[0]
  }
  const answer = { code: one('code'), error: one('error'), iss: one('iss'), state: one('state') }
  if (answer.state === undefined) throw new Refusal('login-expired', 'state: expected once, got none')
  if ((answer.code === undefined) === (answer.error === undefined)) {
    throw new Refusal('request-malformed', 'expected either code or error')
  }
  return { ...definedOf(answer), state: answer.state }
}

function definedOf({ code, error, iss }: Record<'code' | 'error' | 'iss', string | undefined>) {
  return {
    ...(code !== undefined && { code }),
    ...(error !== undefined && { error }),
    ...(iss !== undefined && { iss }),
  }
}

async function claim(side: SignInContext, login: PendingLogin): Promise<void> {
  if (await side.sessions.claimOnce(`login:${digest(login.state)}`, SPENT_SECONDS)) return
  throw new Refusal('login-expired', 'the state was used before')
}

/** The mix-up defence: plain comparison, and required where the metadata announces it (RFC 9207 §2.4). */
function checkIssuer({ iss }: AuthorizationAnswer, issuer: string, required: boolean): void {
  if (iss === undefined && !required) return
  if (iss !== issuer) throw new Refusal('request-malformed', `iss: expected ${issuer}, got ${iss ? 'another' : 'none'}`)
}

/** @see RFC 6749 §4.1.2.1. The description is the issuer's text for its own log: it is neither shown nor kept. */
function errorAnswer(error: string): Refusal {
  const isOutage = error === 'server_error' || error === 'temporarily_unavailable'
  const code = /^[a-z_]{1,64}$/.test(error) ? error : 'an unknown code'
  return new Refusal(isOutage ? 'issuer-down' : 'login-refused', `the issuer answered with ${code}`)
}

function callbackWith({ config }: SignInContext, { code = '', state, iss }: AuthorizationAnswer): URL {
  const url = new URL(callbackUrl(config.server.publicUrl))
  url.search = new URLSearchParams({ code, state, ...(iss !== undefined && { iss }) }).toString()
  return url
}

/** Token endpoint, keys and userinfo together get little more than one of them may take alone. */
async function inTime(side: SignInContext, work: Promise<SignedIn>): Promise<SignedIn> {
  const limit = side.config.issuer.timeoutSeconds * 1000 + GRACE_MS
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const refusal = new Refusal('issuer-down', `no usable answer within ${limit} ms`, {
      headers: { 'Retry-After': '5' },
    })
    timer = setTimeout(reject, limit, refusal)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

async function startSession(
  side: SignInContext,
  loggedIn: SignedIn,
  headers: { cookie?: string | undefined; 'user-agent'?: string | undefined },
  res: Response,
): Promise<void> {
  const userAgent = headers['user-agent']
  const { session, setCookie } = await side.sessions.create(
    { ...loggedIn, ...(userAgent !== undefined && { userAgent }) },
    headers.cookie,
  )
  res.append('set-cookie', [setCookie, ...side.endCookies])
  const { subject, username } = session.principal
  side.log.info({
    event: 'login',
    request_id: requestIdOf(res),
    subject,
    user: username,
    session: session.key.slice(0, 8),
  })
}

/** A redirect that began at the issuer does not carry a Strict cookie; a page of ours that goes on does. */
function arrive(side: SignInContext, res: Response, location: string): void {
  if (side.config.cookie.sameSite === 'strict') sendPage(res, 200, side.pages.continue(location))
  else redirect(res, location)
}
