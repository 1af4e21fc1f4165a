import * as client from 'openid-client'
import { pageReply, redirectReply } from '../../http/reply.ts'
import { resourceParameter } from '../../issuer/resource.ts'
import { stepUpPath } from '../../pages/login-path.ts'
import { addressKey } from '../../tokens/attempts.ts'
import type { SignInContext } from '../sign-in-context.ts'
import { queryOf, type SignInHandler, type SignInRequest, setCookie } from '../sign-in-request.ts'
import type { PendingLogin } from './pending-logins.ts'
import { startStepUp, stepUpParameters } from './step-up.ts'

/** The one redirect URI; from the configuration, never from a request (RFC 9700 §2.1). */
export const callbackUrl = (publicUrl: string): string => `${publicUrl}/auth/callback`

/**
 * `GET /auth/login?return_to=`: remembers the login in a cookie of its own and sends the browser to the issuer. With
 * `step_up=` and the name of a route, or of the administration console, the issuer is asked to authenticate the user as
 * that demands (RFC 9470 §4).
 */
export function startLogin(context: SignInContext): SignInHandler {
  const { publicUrl } = context.config.server
  return async (request) => {
    const { head } = request
    const query = queryOf(request)
    const wanted = query.getAll('return_to')
    const returnTo = wanted.length === 1 ? context.returnTo.check(wanted[0], originOf(request, publicUrl)) : '/'
    request.returnTo = returnTo
    const name = query.get('step_up')
    const stepUp = name !== null && context.stepUps.has(name) ? name : undefined
    request.stepUp = stepUp
    // The cookies of a login belong to the host that the issuer sends the browser back to.
    if (originOf(request, publicUrl) !== publicUrl) return redirectReply(publicUrl + stepUpPath(returnTo, stepUp))
    if (head.headers['sec-fetch-mode'] === 'navigate' && query.get('start') !== '1') {
      const start = new URLSearchParams({ return_to: returnTo, ...(stepUp && { step_up: stepUp }), start: '1' })
      return pageReply(200, context.pages.start(`/auth/login?${start}`))
    }
    context.attempts.logins.take(addressKey(head.clientAddress))
    const configuration = await context.issuer.forSignIn()
    const started = await startStepUp(context, request, stepUp)
    const login = context.pending.start(returnTo, context.clock(), started)
    setCookie(request, ...context.pending.remember(login, head.headers.cookie, context.clock()))
    return redirectReply(await authorizationUrl(context, configuration, login))
  }
}

/** Origin that the request was sent to. `Host` was checked before; it selects one of our origins and forms nothing. */
function originOf({ head }: SignInRequest, publicUrl: string): string {
  return URL.parse(`${new URL(publicUrl).protocol}//${head.host}`)?.origin ?? publicUrl
}

async function authorizationUrl(
  { config, stepUps }: SignInContext,
  configuration: client.Configuration,
  login: PendingLogin,
): Promise<string> {
  const { scopes, maxAgeSeconds, authorizationParameters } = config.issuer
  const url = client.buildAuthorizationUrl(configuration, {
    ...authorizationParameters,
    response_type: 'code',
    redirect_uri: callbackUrl(config.server.publicUrl),
    scope: [...new Set(['openid', ...scopes])].join(' '),
    state: login.state,
    nonce: login.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(login.verifier),
    code_challenge_method: 'S256',
    ...resourceParameter(config.issuer),
    ...stepUpParameters(stepUps.get(login.stepUp?.name ?? ''), maxAgeSeconds),
  })
  return url.href
}
