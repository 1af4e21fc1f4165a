import { type Keys, signed } from '../keys.ts'
import { type Instance, type Json, NEVER, RawResponse, STALLS } from '../misbehaviour.ts'
import type { Catalogue } from './row.ts'

const error = (code: string, status = 400) => new RawResponse(status, JSON.stringify({ error: code }))
const HOSTILE = '<script>alert(1)</script>'

/** The authorization response (RFC 6749 §4.1.2, RFC 9207). */
export const AUTHORIZATION_RESPONSES: Catalogue = {
  'response-iss-of-another': {
    authorization: (it) => it.set('iss', 'https://evil.example'),
    outcome: 'request-malformed',
  },
  'response-iss-missing': { authorization: (it) => it.delete('iss'), outcome: 'request-malformed' },
  'response-iss-twice': { authorization: (it, at) => it.append('iss', at.url), outcome: 'request-malformed' },
  'response-iss-missing-and-not-announced': {
    metadata: (right) => ({ ...right, authorization_response_iss_parameter_supported: undefined }),
    authorization: (it) => it.delete('iss'),
    outcome: 'accepted',
  },
  'response-iss-wrong-and-not-announced': {
    metadata: (right) => ({ ...right, authorization_response_iss_parameter_supported: undefined }),
    authorization: (it) => it.set('iss', 'https://evil.example'),
    outcome: 'request-malformed',
  },
  'state-missing': { authorization: (it) => it.delete('state'), outcome: 'login-expired' },
  'state-of-another': { authorization: (it) => it.set('state', 'A'.repeat(43)), outcome: 'login-expired' },
  'state-twice': { authorization: (it) => it.append('state', 'x'), outcome: 'request-malformed' },
  'code-missing': { authorization: (it) => it.delete('code'), outcome: 'request-malformed' },
  'code-twice': { authorization: (it) => it.append('code', 'x'), outcome: 'request-malformed' },
  'code-unknown': { authorization: (it) => it.set('code', 'unknown'), outcome: 'login-expired' },
  'code-and-error': { authorization: (it) => it.set('error', 'access_denied'), outcome: 'request-malformed' },
  'tokens-in-the-response': {
    authorization: (it) => {
      it.set('id_token', 'a.b.c')
      it.set('access_token', 'x')
    },
    outcome: 'accepted',
  },
  'error-login-required': { authorization: failed('login_required'), outcome: 'login-refused' },
  'error-access-denied-with-markup': { authorization: failed('access_denied', HOSTILE), outcome: 'login-refused' },
  'error-with-markup': { authorization: failed(HOSTILE), outcome: 'login-refused' },
  'error-server-error': { authorization: failed('server_error'), outcome: 'issuer-down' },
  'error-temporarily-unavailable': { authorization: failed('temporarily_unavailable'), outcome: 'issuer-down' },
}

function failed(code: string, description = HOSTILE) {
  return (response: URLSearchParams) => {
    response.delete('code')
    response.set('error', code)
    response.set('error_description', description)
    response.set('error_uri', 'javascript:alert(1)')
  }
}

const laidOver = (changes: Json) => (right: Json) => ({ ...right, ...changes })

/** The token response (RFC 6749 §5.1, OIDC Core §3.1.3.3). Its content type is not checked: the body must be the JSON. */
export const TOKEN_RESPONSES: Catalogue = {
  'token-as-html': {
    token: (right) => new RawResponse(200, JSON.stringify(right), { 'content-type': 'text/html' }),
    outcome: 'accepted',
  },
  'token-without-content-type': {
    token: (right) => new RawResponse(200, JSON.stringify(right), { 'content-type': '' }),
    outcome: 'accepted',
  },
  'token-not-json': { token: () => new RawResponse(200, '{'), outcome: 'login-failed' },
  'token-as-a-list': { token: (right) => new RawResponse(200, JSON.stringify([right])), outcome: 'login-failed' },
  'token-200-with-error': { token: () => error('invalid_grant', 200), outcome: 'login-failed' },
  'token-invalid-grant': { token: () => error('invalid_grant'), outcome: 'login-expired' },
  'token-invalid-client': { token: () => error('invalid_client', 401), outcome: 'login-failed' },
  'token-error-with-markup': { token: () => error(HOSTILE), outcome: 'login-failed' },
  'token-500': { token: () => error('server_error', 500), outcome: 'issuer-down' },
  'token-502-html': { token: () => new RawResponse(502, '<html>'), outcome: 'issuer-down' },
  'token-elsewhere': {
    token: (_, { url }) => new RawResponse(307, '', { location: `${url}/moved` }),
    outcome: 'login-failed',
  },
  'token-end-never': { token: () => STALLS, outcome: 'issuer-down' },
  'token-never': { token: () => NEVER, outcome: 'issuer-down' },
  'token-huge': { token: laidOver({ padding: 'x'.repeat(2_000_000) }), outcome: 'issuer-down' },
  'token-type-mac': { token: laidOver({ token_type: 'mac' }), outcome: 'login-failed' },
  'token-type-dpop': { token: laidOver({ token_type: 'DPoP' }), outcome: 'login-failed' },
  'token-type-missing': { token: laidOver({ token_type: undefined }), outcome: 'login-failed' },
  'token-type-in-lower-case': { token: laidOver({ token_type: 'bearer' }), outcome: 'accepted' },
  'id-token-missing': { token: laidOver({ id_token: undefined }), outcome: 'login-failed' },
  'id-token-as-an-object': { token: laidOver({ id_token: {} }), outcome: 'login-failed' },
  'access-token-missing': { token: laidOver({ access_token: undefined }), outcome: 'login-failed' },
  'access-token-empty': { token: laidOver({ access_token: '' }), outcome: 'login-failed' },
  'refresh-token-as-a-number': { token: laidOver({ refresh_token: 7 }), outcome: 'login-failed' },
  'refresh-token-missing': { token: laidOver({ refresh_token: undefined }), outcome: 'accepted' },
  'expires-in-missing': { token: laidOver({ expires_in: undefined }), outcome: 'accepted' },
  'expires-in-as-text': { token: laidOver({ expires_in: '300' }), outcome: 'accepted' },
  'expires-in-no-number': { token: laidOver({ expires_in: 'soon' }), outcome: 'login-failed' },
  'expires-in-negative': { token: laidOver({ expires_in: -1 }), outcome: 'login-failed' },
  'expires-in-huge': { token: laidOver({ expires_in: 1e300 }), outcome: 'accepted' },
  'expires-in-infinite': {
    token: (right) => new RawResponse(200, JSON.stringify(right).replace('"expires_in":300', '"expires_in":1e999')),
    outcome: 'login-failed',
  },
}

/** The ID token has no groups, so that the gateway asks userinfo (OIDC Core §5.3). */
const withoutGroups = { claims: { groups: undefined } }
const userinfo = (status: number, body: string | undefined, type = 'application/json') => ({
  ...withoutGroups,
  userinfo: () => new RawResponse(status, body, { 'content-type': type }),
})

/** A signed response (OIDC Core §5.3.2): the gateway reads JSON only. */
const signedBy = (key: keyof Keys) => async (right: Json, at: Instance) => {
  const claims = JSON.stringify({ ...right, iss: at.url, aud: at.clientId })
  const jwt = await signed(claims, { alg: 'RS256', kid: 'first' }, at.keys[key])
  return new RawResponse(200, jwt, { 'content-type': 'application/jwt' })
}

export const USERINFO_RESPONSES: Catalogue = {
  'userinfo-right': { ...withoutGroups, outcome: 'accepted' },
  'userinfo-of-another': { ...withoutGroups, userinfo: laidOver({ sub: 'bob-sub' }), outcome: 'accepted' },
  'userinfo-without-sub': { ...withoutGroups, userinfo: laidOver({ sub: undefined }), outcome: 'login-failed' },
  'userinfo-with-other-claims': {
    ...withoutGroups,
    userinfo: laidOver({ iss: 'https://evil.example', aud: 'x', sid: 'x', preferred_username: 'root' }),
    outcome: 'accepted',
  },
  'userinfo-as-a-list': { ...userinfo(200, '[]'), outcome: 'login-failed' },
  'userinfo-not-json': { ...userinfo(200, 'hello'), outcome: 'login-failed' },
  'userinfo-as-text': { ...userinfo(200, '{"sub":"alice-sub"}', 'text/plain'), outcome: 'accepted' },
  'userinfo-signed-by-nobody': {
    ...userinfo(200, `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`, 'application/jwt'),
    outcome: 'login-failed',
  },
  'userinfo-signed': { ...withoutGroups, userinfo: signedBy('first'), outcome: 'login-failed' },
  'userinfo-signed-by-another-key': { ...withoutGroups, userinfo: signedBy('foreign'), outcome: 'login-failed' },
  'userinfo-401': {
    ...withoutGroups,
    userinfo: () => new RawResponse(401, '', { 'www-authenticate': 'Bearer error="invalid_token"' }),
    outcome: 'accepted',
  },
  'userinfo-500': { ...userinfo(500, 'oops'), outcome: 'issuer-down' },
  'userinfo-huge': {
    ...withoutGroups,
    userinfo: laidOver({ padding: 'x'.repeat(2_000_000) }),
    outcome: 'issuer-down',
  },
  'userinfo-end-never': { ...withoutGroups, userinfo: () => STALLS, outcome: 'issuer-down' },
  'userinfo-never': { ...userinfo(200, undefined), outcome: 'issuer-down' },
}

/** What the introspection endpoint says of an opaque bearer token (RFC 7662 §2.2). */
const active = (changes: Json) => ({
  introspection: () => ({ active: true, client_id: 'gateway', sub: 'alice-sub', token_type: 'Bearer', ...changes }),
})

export const INTROSPECTION_RESPONSES: Catalogue = {
  'introspection-right': { ...active({}), outcome: 'accepted' },
  'introspection-inactive': { ...active({ active: false }), outcome: 'token-invalid' },
  'introspection-active-as-text': { ...active({ active: 'true' }), outcome: 'issuer-down' },
  'introspection-iss-of-another': { ...active({ iss: 'https://evil.example' }), outcome: 'token-invalid' },
  'introspection-aud-of-another': { ...active({ aud: 'another' }), outcome: 'token-invalid' },
  'introspection-client-of-another': { ...active({ client_id: 'another' }), outcome: 'token-invalid' },
  'introspection-expired': { ...active({ exp: 1 }), outcome: 'token-invalid' },
  'introspection-exp-as-text': { ...active({ exp: 'tomorrow' }), outcome: 'token-invalid' },
  'introspection-exp-null': { ...active({ exp: null }), outcome: 'token-invalid' },
  'introspection-nbf-as-text': { ...active({ nbf: 'now' }), outcome: 'token-invalid' },
  'introspection-refresh-token': { ...active({ token_type: undefined, typ: 'Refresh' }), outcome: 'token-invalid' },
  'introspection-sub-as-a-number': { ...active({ sub: 7 }), outcome: 'token-invalid' },
  'introspection-sub-missing': {
    ...active({ sub: undefined, client_id: undefined, aud: 'gateway' }),
    outcome: 'token-invalid',
  },
  'introspection-not-json': { introspection: () => new RawResponse(200, 'hello'), outcome: 'issuer-down' },
  'introspection-500': { introspection: () => new RawResponse(500, 'oops'), outcome: 'issuer-down' },
  'introspection-huge': { ...active({ padding: 'x'.repeat(2_000_000) }), outcome: 'issuer-down' },
  'introspection-end-never': { introspection: () => STALLS, outcome: 'issuer-down' },
  'introspection-never': { introspection: () => NEVER, outcome: 'issuer-down' },
}
