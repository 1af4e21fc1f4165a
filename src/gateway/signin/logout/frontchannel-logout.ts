import type { ServerMetadata } from 'openid-client'
import { Refusal } from '../../errors.ts'
import { pageReply } from '../../http/reply.ts'
import type { Session } from '../../sessions/session.ts'
import { addressKey } from '../../tokens/attempts.ts'
import type { SignInContext } from '../sign-in-context.ts'
import { queryOf, type SignInHandler, type SignInRequest, setCookie } from '../sign-in-request.ts'

/**
 * `GET /auth/frontchannel-logout?iss=&sid=`: the issuer's sign-out page loads it in a frame (OIDC Front-Channel Logout
 * §2). It ends the session of the browser if that began in this session at the issuer, and nothing otherwise.
 *
 * Most browsers send no cookie from a frame of another site. Then, and only at an issuer without back-channel logout, the
 * session is found by its `sid`, which nobody can guess (§5). Everybody who knows it could end the session, but nothing
 * else: that is why back-channel logout, whose tokens are signed, comes first.
 */
export function frontchannelLogout(context: SignInContext): SignInHandler {
  return async (request) => {
    const { metadata } = await context.issuer.discovered()
    if (metadata.frontchannel_logout_supported !== true)
      throw new Refusal('no-route', 'the issuer announces no front-channel logout')
    const sid = sessionIdOf(request, metadata.issuer)
    const session = await context.sessions.find(request.head.headers.cookie)
    const ended =
      session === undefined
        ? await endBySid(context, request, metadata, sid)
        : await endOwn(context, request, session, { issuer: metadata.issuer, sid })
    const page = context.pages.frontchannelLogout({ ended: ended > 0, framedBy: originsOf(metadata) })
    return pageReply(200, page)
  }
}

/** The `sid` of the request: it and `iss` exactly once, and `iss` is the issuer. @throws Refusal request-malformed */
function sessionIdOf(request: SignInRequest, issuer: string): string {
  const query = queryOf(request)
  const [iss, ...otherIssuers] = query.getAll('iss')
  const [sid, ...otherIds] = query.getAll('sid')
  if (iss !== issuer || otherIssuers.length > 0)
    throw new Refusal(
      'request-malformed',
      `iss: expected ${issuer} once, got ${iss === undefined ? 'none' : 'another'}`,
    )
  if (sid === undefined || sid === '' || otherIds.length > 0)
    throw new Refusal('request-malformed', 'sid: expected exactly one')
  return sid
}

async function endOwn(
  context: SignInContext,
  request: SignInRequest,
  session: Session,
  { issuer, sid }: { readonly issuer: string; readonly sid: string },
): Promise<number> {
  const { principal } = session
  request.caller = { principal, via: 'session', session }
  const isOurs = session.sid === sid && principal.issuer === issuer
  if (!isOurs) return recorded(request, 0, issuer, principal.subject)
  const ended = await context.sessions.endBySid(issuer, sid, principal.subject, 'front-channel')
  setCookie(request, context.sessions.clearCookie(), ...context.endCookies)
  return recorded(request, ended, issuer, principal.subject)
}

async function endBySid(
  context: SignInContext,
  request: SignInRequest,
  { issuer, backchannel_logout_supported: hasBackChannel }: ServerMetadata,
  sid: string,
): Promise<number> {
  if (hasBackChannel === true) return recorded(request, 0, issuer)
  context.attempts.logouts.take(addressKey(request.head.clientAddress))
  return recorded(request, await context.sessions.endBySid(issuer, sid, undefined, 'front-channel'), issuer)
}

function recorded(request: SignInRequest, ended: number, targetIssuer: string, targetSubject?: string): number {
  request.occurrence = {
    event: 'frontchannel-logout',
    action: 'front-channel-logout',
    ended,
    targetIssuer,
    targetSubject,
  }
  return ended
}

/** Who may show the page in a frame: the issuer, whose sign-out page may be on a host of its own. */
function originsOf({ issuer, end_session_endpoint: endSession }: ServerMetadata): string[] {
  return [...new Set([issuer, endSession ?? issuer].map((url) => new URL(url).origin))]
}
