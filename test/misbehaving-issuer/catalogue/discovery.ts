import { type Json, RawResponse, STALLS } from '../misbehaviour.ts'
import type { Catalogue } from './row.ts'

const metadata = (changes: Json) => ({ metadata: (right: Json) => ({ ...right, ...changes }) })
const response = (status: number, body: string | undefined, headers?: Readonly<Record<string, string>>) => ({
  metadata: () => new RawResponse(status, body, headers),
})

/** The metadata (OIDC Discovery §3, §4.3). Nothing begins with metadata that cannot be used. */
export const DISCOVERY: Catalogue = {
  'issuer-of-another': { ...metadata({ issuer: 'https://evil.example' }), outcome: 'issuer-down' },
  'issuer-with-a-slash': { metadata: (right, at) => ({ ...right, issuer: `${at.url}/` }), outcome: 'issuer-down' },
  'issuer-missing': { ...metadata({ issuer: undefined }), outcome: 'issuer-down' },
  'issuer-as-a-list': { metadata: (right, at) => ({ ...right, issuer: [at.url] }), outcome: 'issuer-down' },
  'authorization-endpoint-missing': { ...metadata({ authorization_endpoint: undefined }), outcome: 'issuer-down' },
  'authorization-endpoint-a-script': {
    ...metadata({ authorization_endpoint: 'javascript:alert(1)' }),
    outcome: 'issuer-down',
  },
  'token-endpoint-missing': { ...metadata({ token_endpoint: undefined }), outcome: 'issuer-down' },
  'token-endpoint-a-file': { ...metadata({ token_endpoint: 'file:///etc/passwd' }), outcome: 'issuer-down' },
  'token-endpoint-with-credentials': {
    ...metadata({ token_endpoint: 'http://a:b@127.0.0.1/token' }),
    outcome: 'issuer-down',
  },
  'jwks-uri-missing': { ...metadata({ jwks_uri: undefined }), outcome: 'issuer-down' },
  'jwks-uri-as-data': { ...metadata({ jwks_uri: 'data:application/json,{"keys":[]}' }), outcome: 'issuer-down' },
  'userinfo-endpoint-no-url': { ...metadata({ userinfo_endpoint: 'userinfo' }), outcome: 'issuer-down' },
  'userinfo-endpoint-a-file': { ...metadata({ userinfo_endpoint: 'file:///etc/passwd' }), outcome: 'issuer-down' },
  'end-session-endpoint-no-url': { ...metadata({ end_session_endpoint: 'logout' }), outcome: 'issuer-down' },
  'end-session-endpoint-a-script': {
    ...metadata({ end_session_endpoint: 'javascript:alert(1)' }),
    outcome: 'issuer-down',
  },
  'end-session-endpoint-in-a-csp': {
    ...metadata({ end_session_endpoint: 'http://a;script-src *.example/' }),
    outcome: 'issuer-down',
  },
  'revocation-endpoint-a-list': { ...metadata({ revocation_endpoint: [] }), outcome: 'issuer-down' },
  'introspection-endpoint-a-number': { ...metadata({ introspection_endpoint: 7 }), outcome: 'issuer-down' },
  'pkce-plain-only': { ...metadata({ code_challenge_methods_supported: ['plain'] }), outcome: 'issuer-down' },
  'pkce-not-announced': { ...metadata({ code_challenge_methods_supported: undefined }), outcome: 'issuer-down' },
  'metadata-as-a-list': { ...response(200, '[]'), outcome: 'issuer-down' },
  'metadata-not-json': { ...response(200, '<html>hello</html>'), outcome: 'issuer-down' },
  'metadata-as-html': { ...response(200, '{}', { 'content-type': 'text/html' }), outcome: 'issuer-down' },
  'metadata-500': { ...response(500, 'oops'), outcome: 'issuer-down' },
  'metadata-elsewhere': {
    metadata: (_, { url }) => new RawResponse(302, '', { location: `${url}/moved` }),
    outcome: 'issuer-down',
  },
  'metadata-huge': { ...metadata({ padding: 'x'.repeat(2_000_000) }), outcome: 'issuer-down' },
  'metadata-end-never': { metadata: () => STALLS, outcome: 'issuer-down' },
  'metadata-never': { ...response(200, undefined), outcome: 'issuer-down' },
}
