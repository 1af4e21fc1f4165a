import { errors, type JWTPayload } from 'jose'
import { digest } from '../../../shared/digest.ts'
import { parseCompactJwt } from '../../../shared/tokens/compact-jwt.ts'
import { TokenRejected } from '../../../shared/tokens/token-rejected.ts'
import { tokenType } from '../../../shared/tokens/token-type.ts'
import { Refusal } from '../../errors.ts'
import { issuerRefusal } from '../../issuer/issuer-errors.ts'
import { isKeyOutage } from '../../issuer/keys/issuer-keys.ts'
import { verifyByKeys } from '../../issuer/keys/verify-by-keys.ts'
import { bodyKindOf } from '../fields.ts'
import type { SignInContext } from '../sign-in-context.ts'
import type { SignInHandler } from '../sign-in-request.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Oldest `iat` that is accepted, in seconds; the clock difference that is tolerated comes on top. */
const FRESH_SECONDS = 300

interface LogoutToken {
  readonly issuer: string
  readonly jti: string
  readonly sid: string | undefined
  readonly subject: string | undefined
}

/**
 * `POST /auth/backchannel-logout`: the issuer says that a session, or every session of a person, has
 * ended (OIDC Back-Channel Logout §2.5). Sessions that ended before are no error: 200.
 */
export function backchannelLogout(context: SignInContext): SignInHandler {
  return async (request, fields) => {
    if (bodyKindOf(request.head) === 'json') throw new Refusal('body-malformed', 'expected a form')
    const token = await checkLogoutToken(context, fields.logout_token)
    const { clockSkewSeconds } = context.config.issuer
    // From the earliest moment that some replica takes the token to the latest: twice the difference on either side.
    const rememberedSeconds = FRESH_SECONDS + 4 * clockSkewSeconds
    if (!(await context.sessions.claimOnce(`logout:${digest(token.jti)}`, rememberedSeconds)))
      throw refused('jti: seen before')
    const ended = await endAll(context, token)
    const { issuer: targetIssuer, subject: targetSubject } = token
    const logout = { event: 'backchannel-logout', action: 'back-channel-logout', ended } as const
    request.occurrence = { ...logout, targetIssuer, targetSubject }
    return { status: 200, headers: [] }
  }
}

/** `sid` ends what began in that session at the issuer, of `sub` where both are named; `sub` alone ends all of its sessions (§2.7). */
function endAll({ sessions }: SignInContext, { issuer, sid, subject }: LogoutToken): Promise<number> {
  return sid === undefined
    ? sessions.endBySubject(issuer, subject ?? '', 'back-channel')
    : sessions.endBySid(issuer, sid, subject)
}

const refused = (detail: string) => new Refusal('request-malformed', `logout token: ${detail}`)

/** @see OIDC Back-Channel Logout §2.6. @throws Refusal request-malformed, issuer-down */
async function checkLogoutToken(context: SignInContext, token: unknown): Promise<LogoutToken> {
  if (typeof token !== 'string') throw refused('expected exactly one')
  const claims = await verified(context, token)
  const { sid, sub: subject, jti, iss: issuer, nonce } = claims
  if (nonce !== undefined) throw refused('nonce: not allowed')
  if (!isLogoutEvent(claims.events)) throw refused('events: not a logout')
  if (typeof jti !== 'string' || jti === '') throw refused('jti: expected a string')
  if (sid !== undefined && typeof sid !== 'string') throw refused('sid: expected a string')
  if (subject !== undefined && typeof subject !== 'string') throw refused('sub: expected a string')
  if (sid === undefined && (subject === undefined || subject === '')) throw refused('expected sid or sub')
  return { issuer: issuer ?? '', jti, sid, subject }
}

async function verified({ config, issuer, clock }: SignInContext, token: string): Promise<JWTPayload> {
  const { url, clientId, algorithms, clockSkewSeconds } = config.issuer
  try {
    parseCompactJwt(token)
    const { payload, protectedHeader } = await verifyByKeys(token, await issuer.keys(), 'client', {
      algorithms: [...algorithms],
      issuer: url,
      audience: clientId,
      requiredClaims: ['iat', 'exp'],
      maxTokenAge: FRESH_SECONDS,
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(clock()),
    })
    checkType(protectedHeader.typ)
    return payload
  } catch (error) {
    if (error instanceof Refusal) throw error
    if (error instanceof TokenRejected) throw refused(error.message)
    if (error instanceof errors.JOSEError && !isKeyOutage(error)) throw refused(error.message)
    return issuerRefusal(error)
  }
}

/** Explicit typing keeps every other token of the issuer out (RFC 8725 §3.11); none at all is allowed by §2.4. */
function checkType(typ: unknown): void {
  const type = tokenType(typ)
  if (type !== undefined && type !== 'logout+jwt') throw refused('typ: expected logout+jwt')
}

function isLogoutEvent(events: unknown): boolean {
  if (events === null || typeof events !== 'object' || !Object.hasOwn(events, EVENT)) return false
  const event: unknown = Reflect.get(events, EVENT)
  return event !== null && typeof event === 'object' && !Array.isArray(event)
}
