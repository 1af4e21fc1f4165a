import { signed, unsigned } from '../keys.ts'
import type { Instance, Json } from '../misbehaviour.ts'
import { type JwtMisbehaviour, LOGOUT_EVENT } from '../tokens.ts'

/** A logout token, and what it does to the session of alice, which began with `SESSION_ID`. */
export interface LogoutRow extends JwtMisbehaviour {
  readonly outcome: 'ends the session' | 'ends nothing' | 'request-malformed'
}

const by =
  (name: 'foreign' | 'ec') =>
  (payload: string, header: Json, { keys }: Instance) =>
    signed(payload, { ...header, alg: keys[name].alg }, keys[name])
const refused = (bent: JwtMisbehaviour): LogoutRow => ({ ...bent, outcome: 'request-malformed' })
const claims = (changes: Json) => refused({ claims: changes })

/** Logout tokens (OIDC Back-Channel Logout §2.4, §2.6). */
export const LOGOUT_TOKENS: Readonly<Record<string, LogoutRow>> = {
  'logout-right': { outcome: 'ends the session' },
  'logout-with-sid-only': { claims: { sub: undefined }, outcome: 'ends the session' },
  'logout-with-sub-only': { claims: { sid: undefined }, outcome: 'ends the session' },
  'logout-with-other-claims': { claims: { ignored: { a: 1 } }, outcome: 'ends the session' },
  'logout-aud-as-a-list': { claims: { aud: ['other', 'gateway'] }, outcome: 'ends the session' },
  'logout-typ-missing': { header: { typ: undefined }, outcome: 'ends the session' },
  'logout-kid-missing': { header: { kid: undefined }, outcome: 'ends the session' },
  'logout-sid-unknown': { claims: { sid: 'unknown' }, outcome: 'ends nothing' },
  'logout-sid-of-another-sub': { claims: { sub: 'bob-sub' }, outcome: 'ends nothing' },
  'logout-sub-unknown': { claims: { sub: 'nobody', sid: undefined }, outcome: 'ends nothing' },
  'logout-sid-and-sub-missing': claims({ sid: undefined, sub: undefined }),
  'logout-sid-as-a-list': claims({ sid: ['session-at-the-issuer-1'] }),
  'logout-sub-as-a-number': claims({ sub: 7 }),
  'logout-iss-of-another': claims({ iss: 'https://evil.example' }),
  'logout-iss-missing': claims({ iss: undefined }),
  'logout-aud-of-another': claims({ aud: 'another-client' }),
  'logout-aud-missing': claims({ aud: undefined }),
  'logout-iat-missing': claims({ iat: undefined }),
  'logout-iat-old': refused({ claims: (at) => ({ iat: at.now() - 1000 }) }),
  'logout-iat-future': refused({ claims: (at) => ({ iat: at.now() + 1000 }) }),
  'logout-iat-as-text': refused({ claims: (at) => ({ iat: String(at.now()) }) }),
  'logout-exp-missing': claims({ exp: undefined }),
  'logout-exp-past': refused({ claims: (at) => ({ exp: at.now() - 1000 }) }),
  'logout-jti-missing': claims({ jti: undefined }),
  'logout-jti-as-a-number': claims({ jti: 7 }),
  'logout-nonce': claims({ nonce: 'n' }),
  'logout-nonce-null': claims({ nonce: null }),
  'logout-events-missing': claims({ events: undefined }),
  'logout-events-of-another-kind': claims({ events: { 'http://schemas.openid.net/event/foobar': {} } }),
  'logout-events-as-a-list': claims({ events: [LOGOUT_EVENT] }),
  'logout-event-as-text': claims({ events: { [LOGOUT_EVENT]: '' } }),
  'logout-sub-twice': refused({ payload: (text) => text.replace('"sub":', '"sub":"bob-sub","sub":') }),
  'logout-alg-none': refused({ sign: (payload) => unsigned(payload, { alg: 'none', typ: 'logout+jwt' }) }),
  'logout-alg-without-a-key': refused({ sign: by('ec'), header: { kid: 'ec' } }),
  'logout-by-another-key': refused({ sign: by('foreign') }),
  'logout-typ-of-an-id-token': refused({ header: { typ: 'JWT' } }),
  'logout-typ-of-an-access-token': refused({ header: { typ: 'at+jwt' } }),
  'logout-not-a-jwt': refused({ sign: () => 'hello' }),
}
