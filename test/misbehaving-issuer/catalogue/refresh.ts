import { unsigned } from '../keys.ts'
import { type Json, NEVER, RawResponse, STALLS, type TokenMisbehaviour } from '../misbehaviour.ts'
import type { Catalogue, Outcome } from './row.ts'

const at_ = (onRefresh: TokenMisbehaviour, outcome: Outcome) => ({ onRefresh, outcome })
const response = (changes: Json) => ({ token: (right: Json) => ({ ...right, ...changes }) })
const error = (status: number, code: string) => ({
  token: () => new RawResponse(status, JSON.stringify({ error: code })),
})

/**
 * The refresh response (RFC 6749 §6, OIDC Core §12.2). A response that cannot be used changes nothing: the session keeps
 * its tokens until they expire.
 */
export const REFRESH_RESPONSES: Catalogue = {
  'refresh-right': at_({}, 'accepted'),
  'refresh-without-rotation': at_(response({ refresh_token: undefined }), 'accepted'),
  'refresh-without-id-token': at_(response({ id_token: undefined }), 'accepted'),
  'refresh-without-expires-in': at_(response({ expires_in: undefined }), 'accepted'),
  'refresh-sub-of-another': at_({ claims: { sub: 'bob-sub' } }, 'login-failed'),
  'refresh-sub-missing': at_({ claims: { sub: undefined } }, 'login-failed'),
  'refresh-iss-of-another': at_({ claims: { iss: 'https://evil.example' } }, 'login-failed'),
  'refresh-aud-of-another': at_({ claims: { aud: 'another-client' } }, 'login-failed'),
  'refresh-azp-of-another': at_({ claims: { azp: 'another-client' } }, 'login-failed'),
  'refresh-expired': at_({ claims: (at) => ({ exp: at.now() - 120 }) }, 'login-failed'),
  'refresh-unsigned': at_({ sign: (payload) => unsigned(payload, { alg: 'none' }) }, 'login-failed'),
  'refresh-logout-token': at_({ header: { typ: 'logout+jwt' } }, 'login-failed'),
  'refresh-events': at_({ claims: { events: {} } }, 'login-failed'),
  'refresh-token-type-dpop': at_(response({ token_type: 'DPoP' }), 'login-failed'),
  'refresh-without-access-token': at_(response({ access_token: undefined }), 'login-failed'),
  'refresh-expires-in-negative': at_(response({ expires_in: -1 }), 'login-failed'),
  'refresh-huge': at_(response({ padding: 'x'.repeat(2_000_000) }), 'issuer-down'),
  'refresh-200-with-error': at_(error(200, 'invalid_grant'), 'login-failed'),
  'refresh-invalid-client': at_(error(401, 'invalid_client'), 'login-failed'),
  'refresh-429': at_(error(429, 'slow_down'), 'login-failed'),
  'refresh-500': at_(error(500, 'invalid_grant'), 'issuer-down'),
  'refresh-end-never': at_({ token: () => STALLS }, 'issuer-down'),
  'refresh-never': at_({ token: () => NEVER }, 'issuer-down'),
  'refresh-invalid-grant': at_(error(400, 'invalid_grant'), 'ended'),
  'refresh-userinfo-of-another': {
    onRefresh: response({ id_token: undefined }),
    userinfo: (right) => ({ ...right, sub: 'bob-sub', groups: ['modelops-admins'] }),
    outcome: 'accepted',
  },
}
