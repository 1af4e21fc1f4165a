import { signed } from './keys.ts'
import type { Grant, Instance, Json, TokenMisbehaviour } from './misbehaviour.ts'

export const SUBJECT = 'alice-sub'
export const SESSION_ID = 'session-at-the-issuer-1'
export const ACCESS_TOKEN = 'access-token-of-the-tests'
export const REFRESH_TOKEN = 'refresh-token-of-the-tests'
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** The parts of a misbehaviour that concern one JWT. */
export type JwtMisbehaviour = Pick<TokenMisbehaviour, 'header' | 'claims' | 'payload' | 'sign'>

const NO_GRANT: Grant = { nonce: '', challenge: '' }

async function jwt(right: Json, header: Json, bent: JwtMisbehaviour, at: Instance, grant = NO_GRANT): Promise<string> {
  const laid = typeof bent.claims === 'function' ? bent.claims(at, grant) : bent.claims
  const headerLaid = typeof bent.header === 'function' ? bent.header(at) : bent.header
  const text = JSON.stringify({ ...right, ...laid })
  const payload = bent.payload?.(text) ?? text
  const protectedHeader = { ...header, ...headerLaid }
  return bent.sign ? bent.sign(payload, protectedHeader, at) : signed(payload, protectedHeader, at.keys.first)
}

/** An ID token (OIDC Core §2). */
export function idToken(at: Instance, bent: JwtMisbehaviour, grant: Grant): Promise<string> {
  const now = at.now()
  const right = {
    iss: at.url,
    sub: SUBJECT,
    aud: at.clientId,
    iat: now,
    exp: now + 300,
    ...(grant.nonce !== '' && { nonce: grant.nonce }),
    sid: SESSION_ID,
    preferred_username: 'alice',
    name: 'Alice Example',
    groups: ['project-alpha'],
  }
  return jwt(right, { alg: 'RS256', kid: 'first' }, bent, at, grant)
}

let jti = 0

/** A logout token (OIDC Back-Channel Logout §2.4). */
export function logoutToken(at: Instance, bent: JwtMisbehaviour = {}): Promise<string> {
  const now = at.now()
  const right = {
    iss: at.url,
    sub: SUBJECT,
    aud: at.clientId,
    iat: now,
    exp: now + 120,
    jti: `jti-${jti++}`,
    sid: SESSION_ID,
    events: { [LOGOUT_EVENT]: {} },
  }
  return jwt(right, { alg: 'RS256', kid: 'first', typ: 'logout+jwt' }, bent, at)
}
