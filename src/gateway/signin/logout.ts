import type { Request, RequestHandler, Response } from 'express'
import * as client from 'openid-client'
import { wantsPage } from '../http/navigation.ts'
import type { Session } from '../sessions/session.ts'
import { fieldsOf } from './body.ts'
import { checkOwnOrigin } from './own-origin.ts'
import { queryOf, redirect, requestIdOf, type SignInContext, sendPage } from './sign-in-context.ts'

const SIGNED_OUT = '/auth/signed-out'
/** Signed out here, and the issuer may not know. */
const SIGNED_OUT_HERE = `${SIGNED_OUT}?issuer=open`

/** `GET /auth/logout`: asks. */
export function confirmLogout(side: SignInContext): RequestHandler {
  return async (req, res) => {
    const session = await side.sessions.load(req.headers.cookie)
    const asked = queryOf(req).get('return_to')
    const view = { who: session?.principal, ...(asked !== null && { returnTo: side.returnTo.check(asked) }) }
    sendPage(res, 200, side.pages.confirmLogout(view))
  }
}

/**
 * `POST /auth/logout`: ends the session in the store, then in the browser, then at the issuer. A store that cannot
 * end it is reported (store-down) and the cookie stays, so that nobody believes in a logout that did not happen.
 */
export const logout = (side: SignInContext): RequestHandler => ending(side, ({ key }) => side.sessions.endByKey(key))

/** `POST /auth/logout-everywhere`: the same for every session of the person, in whatever browser. */
export const logoutEverywhere = (side: SignInContext): RequestHandler =>
  ending(side, ({ principal }) => side.sessions.endBySubject(principal.issuer, principal.subject))

function ending(side: SignInContext, end: (session: Session) => Promise<unknown>): RequestHandler {
  return async (req, res) => {
    checkOwnOrigin(req.headers, side.trustedOrigins)
    const asked = fieldsOf(req).return_to
    const returnTo = asked === undefined ? undefined : side.returnTo.check(asked)
    const session = await side.sessions.load(req.headers.cookie)
    if (session !== undefined) {
      await endSession(side, session, res, end)
      void revoke(side, session)
    }
    res.append('set-cookie', [side.sessions.clearCookie(), ...side.endCookies])
    if (!wantsPage(req) && isScript(req)) res.json({ signed_out: true })
    else if (session === undefined) redirect(res, returnTo ?? SIGNED_OUT)
    else await leave(side, session, returnTo, res)
  }
}

const isScript = (req: Request) => req.is('json') !== false || (req.get('accept') ?? '').includes('json')

async function endSession(
  side: SignInContext,
  session: Session,
  res: Response,
  end: (session: Session) => Promise<unknown>,
): Promise<void> {
  const ended = await end(session)
  const { subject, username } = session.principal
  side.log.info({
    event: 'logout',
    request_id: requestIdOf(res),
    subject,
    user: username,
    ended,
    session: session.key.slice(0, 8),
  })
}

/** RP-initiated logout (OIDC RP-Initiated Logout §2), where the issuer offers it and can be reached. */
async function leave(
  side: SignInContext,
  session: Session,
  returnTo: string | undefined,
  res: Response,
): Promise<void> {
  const issuer = await side.issuer.reachable()
  const endpoint = issuer?.metadata.end_session_endpoint
  if (endpoint === undefined) return redirect(res, SIGNED_OUT_HERE)
  const fields = {
    id_token_hint: session.tokens.idToken,
    client_id: side.config.issuer.clientId,
    post_logout_redirect_uri: side.config.server.publicUrl + SIGNED_OUT,
    ...(returnTo !== undefined && { state: side.logoutState.seal(returnTo, SIGNED_OUT) }),
  }
  sendPage(res, 200, side.pages.leave({ endpoint, fields }))
}

/**
 * Our grant ends at the issuer too, whether or not the browser goes on there (RFC 7009, RFC 9700 §4.14). Beside the
 * logout, which neither waits for it nor fails with it.
 */
async function revoke({ issuer, log }: SignInContext, { tokens, key }: Session): Promise<void> {
  if (tokens.refreshToken === undefined) return
  try {
    const { configuration, metadata } = await issuer.discovered()
    if (metadata.revocation_endpoint !== undefined) await client.tokenRevocation(configuration, tokens.refreshToken)
  } catch {
    log.warn({ event: 'revocation-failed', session: key.slice(0, 8) }, 'the refresh token could not be revoked')
  }
}

/** `GET /auth/signed-out`: where the issuer sends the browser back. Whatever `state` comes back, landing works. */
export function signedOut(side: SignInContext): RequestHandler {
  return (req, res) => {
    const query = queryOf(req)
    const returnTo = side.logoutState.open(query.get('state') ?? '', SIGNED_OUT)
    if (returnTo !== undefined) redirect(res, side.returnTo.check(returnTo))
    else sendPage(res, 200, side.pages.signedOut({ issuerSessionMayRemain: query.get('issuer') === 'open' }))
  }
}
