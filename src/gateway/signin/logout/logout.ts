import * as client from 'openid-client'
import { wantsPage } from '../../http/navigation.ts'
import { checkOrigin } from '../../http/origin-check.ts'
import { jsonReply, pageReply, type Reply, redirectReply } from '../../http/reply.ts'
import type { Session } from '../../sessions/session.ts'
import { bodyKindOf } from '../fields.ts'
import type { SignInContext } from '../sign-in-context.ts'
import { queryOf, type SignInHandler, type SignInRequest, setCookie } from '../sign-in-request.ts'

const SIGNED_OUT = '/auth/signed-out'
/** Signed out here, and the issuer may not know. */
const SIGNED_OUT_HERE = `${SIGNED_OUT}?issuer=open`

/** `GET /auth/logout`: asks for confirmation. */
export function confirmLogout(context: SignInContext): SignInHandler {
  return async (request) => {
    const session = await context.sessions.find(request.head.headers.cookie)
    const wanted = queryOf(request).get('return_to')
    const view = { who: session?.principal, ...(wanted !== null && { returnTo: context.returnTo.check(wanted) }) }
    return pageReply(200, context.pages.confirmLogout(view))
  }
}

/**
 * `POST /auth/logout`: ends the session in the store, then in the browser, then at the issuer. A store that cannot
 * end it is reported (store-down) and the cookie stays, so that nobody believes in a logout that did not happen.
 */
export const logout = (context: SignInContext): SignInHandler =>
  ending(context, 'sign-out', ({ key }) => context.sessions.endByKey(key, 'user'))

/** `POST /auth/logout-everywhere`: the same for every session of the person, in whatever browser. */
export const logoutEverywhere = (context: SignInContext): SignInHandler =>
  ending(context, 'sign-out-everywhere', ({ principal }) =>
    context.sessions.endBySubject(principal.issuer, principal.subject, 'everywhere'),
  )

type End = (session: Session) => Promise<boolean | number>

function ending(context: SignInContext, action: string, end: End): SignInHandler {
  return async (request, fields) => {
    const { head } = request
    checkOrigin(head, context.isTrustedOrigin)
    const wanted = fields.return_to
    const returnTo = wanted === undefined ? undefined : context.returnTo.check(wanted)
    const session = await context.sessions.find(head.headers.cookie)
    if (session !== undefined) {
      request.occurrence = { event: 'logout', action, ended: Number(await end(session)) }
      request.caller = { principal: session.principal, via: 'session', session }
      void revoke(context, session)
    }
    setCookie(request, context.sessions.clearCookie(), ...context.endCookies)
    if (!wantsPage(head) && isScript(request)) return jsonReply(200, { signed_out: true })
    return session === undefined ? redirectReply(returnTo ?? SIGNED_OUT) : leave(context, session, returnTo)
  }
}

const isScript = ({ head }: SignInRequest) =>
  bodyKindOf(head) === 'json' || (head.headers.accept ?? '').includes('json')

/** RP-initiated logout (OIDC RP-Initiated Logout §2), where the issuer offers it and can be reached. */
async function leave(context: SignInContext, session: Session, returnTo: string | undefined): Promise<Reply> {
  const { config, logoutState, pages } = context
  const issuer = await context.issuer.reachable()
  const endpoint = issuer?.metadata.end_session_endpoint
  if (endpoint === undefined) return redirectReply(SIGNED_OUT_HERE)
  const fields = {
    id_token_hint: session.tokens.idToken,
    client_id: config.issuer.clientId,
    post_logout_redirect_uri: config.server.publicUrl + SIGNED_OUT,
    ...(returnTo !== undefined && { state: logoutState.seal(returnTo, SIGNED_OUT) }),
  }
  return pageReply(200, pages.leave({ endpoint, fields }))
}

/**
 * Our grant ends at the issuer too, whether or not the browser continues there (RFC 7009, RFC 9700 §4.14). It runs
 * beside the logout, which neither waits for it nor fails with it.
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
export function signedOut({ logoutState, returnTo: rule, pages }: SignInContext): SignInHandler {
  return (request) => {
    const query = queryOf(request)
    const returnTo = logoutState.open(query.get('state') ?? '', SIGNED_OUT)
    if (returnTo !== undefined) return redirectReply(rule.check(returnTo))
    return pageReply(200, pages.signedOut({ issuerSessionMayRemain: query.get('issuer') === 'open' }))
  }
}
