import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpointError, endpointErrors } from '../../../../src/gateway/issuer/endpoints.ts'

const HTTPS = 'https://sso.example/realms/shared'
const HTTP = 'http://127.0.0.1:4182'

const usable: [string, string][] = [
  [HTTPS, 'https://sso.example/realms/shared/token'],
  [HTTPS, 'https://sso.example:8443/token?tenant=a'],
  [HTTPS, 'https://tokens.another.example/token'],
  [HTTPS, 'https://10.0.0.7/token'],
  [HTTPS, 'https://[::1]/token'],
  [HTTP, 'http://127.0.0.1:4182/token'],
  [HTTP, 'https://sso.example/token'],
]
for (const [issuer, url] of usable) {
  test(`an issuer with ${issuer} may have the endpoint ${url}`, () =>
    assert.equal(endpointError(url, issuer), undefined))
}

const unusable: [string, unknown, string][] = [
  [HTTPS, undefined, 'none'],
  [HTTPS, null, 'object'],
  [HTTPS, ['https://sso.example/token'], 'object'],
  [HTTPS, '', 'string'],
  [HTTPS, '/token', 'string'],
  [HTTPS, 'http://sso.example/token', 'http'],
  [HTTPS, 'http://127.0.0.1/token', 'http'],
  [HTTPS, 'javascript:alert(1)', 'javascript'],
  [HTTP, 'javascript:alert(1)', 'javascript'],
  [HTTP, 'data:text/html,x', 'data'],
  [HTTP, 'file:///etc/passwd', 'file'],
  [HTTP, 'blob:http://127.0.0.1/x', 'blob'],
  [HTTPS, 'https://user:secret@sso.example/token', 'credentials'],
  [HTTPS, 'https://:secret@sso.example/token', 'credentials'],
  [HTTPS, 'https://sso.example;script-src/token', 'other characters'],
  [HTTPS, "https://sso.example,'self'/token", 'other characters'],
  [HTTPS, 'https://sso.example/token#x', 'a fragment'],
]
for (const [issuer, url, got] of unusable) {
  test(`${JSON.stringify(url)} is no endpoint of an issuer with ${issuer.slice(0, 5)}`, () => {
    const error = endpointError(url, issuer)
    assert.equal(error?.got, got)
    assert.ok(!JSON.stringify(error).includes('secret'))
  })
}

test('required endpoints must exist, others must be usable where they exist', () => {
  const metadata = { authorization_endpoint: `${HTTPS}/authorize`, token_endpoint: `${HTTPS}/token` }
  const names = (changes: object) => endpointErrors({ ...metadata, ...changes }, HTTPS).map(({ name }) => name)
  assert.deepEqual(names({}), ['jwks_uri'])
  const optional = ['userinfo', 'end_session', 'introspection', 'revocation', 'device_authorization']
  for (const name of optional.map((each) => `${each}_endpoint`)) {
    assert.deepEqual(names({ jwks_uri: `${HTTPS}/jwks`, [name]: 'http://sso.example/x' }), [name])
    assert.deepEqual(names({ jwks_uri: `${HTTPS}/jwks`, [name]: `${HTTPS}/x` }), [])
  }
})
