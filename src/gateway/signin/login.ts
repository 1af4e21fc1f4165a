import type { Request, RequestHandler } from 'express'
import * as client from 'openid-client'
import { addressKey } from '../tokens/attempts.ts'
import type { PendingLogin } from './pending-logins.ts'
import { clientOf, queryOf, redirect, type SignInContext, sendPage } from './sign-in-context.ts'

/** The one redirect URI; from the configuration, never from a request (RFC 9700 §2.1). */
export const callbackUrl = (publicUrl: string): string => `${publicUrl}/auth/callback`

/** Path that starts a login. @param returnTo As `ReturnTo` gave it. */
export const loginPath = (returnTo: string): string =>
  returnTo === '/' ? '/auth/login' : `/auth/login?return_to=${encodeURIComponent(returnTo)}`

/** `GET /auth/login?return_to=`: remembers the login in a cookie of its own and sends the browser to the issuer. */
export function startLogin(side: SignInContext): RequestHandler {
  const { publicUrl } = side.config.server
  return async (req, res) => {
    const query = queryOf(req)
    const wanted = query.getAll('return_to')
    const returnTo = wanted.length === 1 ? side.returnTo.check(wanted[0], originOf(req, publicUrl)) : '/'
    // The cookies of a login belong to the host that the issuer sends the browser back to.
    if (originOf(req, publicUrl) !== publicUrl) return redirect(res, publicUrl + loginPath(returnTo))
    if (req.get('sec-fetch-mode') === 'navigate' && query.get('start') !== '1') {
      return sendPage(
        res,
        200,
        side.pages.start(`/auth/login?${new URLSearchParams({ return_to: returnTo, start: '1' })}`),
      )
    }
    side.attempts.logins.take(addressKey(clientOf(side, req)))
    const configuration = await side.issuer.configuration()
    const login = side.pending.start(returnTo, side.clock())
    res.append('set-cookie', side.pending.remember(login, req.headers.cookie, side.clock()))
    redirect(res, await authorizationUrl(side, configuration, login))
  }
}

/** Origin the request came in on. `Host` was checked before; it selects one of our origins and forms nothing. */
function originOf(req: Request, publicUrl: string): string {
  return URL.parse(`${new URL(publicUrl).protocol}//${req.headers.host}`)?.origin ?? publicUrl
}

async function authorizationUrl(
  { config }: SignInContext,
  configuration: client.Configuration,
  login: PendingLogin,
): Promise<string> {
  const { scopes, maxAgeSeconds } = config.issuer
  const url = client.buildAuthorizationUrl(configuration, {
    response_type: 'code',
    redirect_uri: callbackUrl(config.server.publicUrl),
    scope: [...new Set(['openid', ...scopes])].join(' '),
    state: login.state,
    nonce: login.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(login.verifier),
    code_challenge_method: 'S256',
    ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
  })
  return url.href
}
