import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../src/gateway/config/load.ts'

const KEYS = { clientKeys: [{ path: 'keys/client.pem', kid: 'a', algorithm: 'ES256' }] }
const CERTIFICATE = { clientCertificate: { path: 'tls.crt', keyPath: 'tls.key' } }
const ASSERTION = { clientAssertion: { path: 'token', type: 'jwt-spiffe' } }
const SECRET = { clientSecret: 'x7-not-a-placeholder' }

const parsed = (issuer: object) =>
  parseConfig(
    JSON.stringify({
      server: { publicUrl: 'https://o.example' },
      issuer: { url: 'https://sso.example', clientId: 'gateway', ...issuer },
      session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
      access: { adminGroup: 'modelops-admins' },
      projects: { source: 'claim' },
      routes: [{ name: 'a', app: 'generic', path: '/a', upstream: 'http://127.0.0.1:1', access: 'login' }],
    }),
    '/etc/modelops/gateway.yaml',
    {},
  ).issuer

const GOOD: [string, object][] = [
  ['client_secret_basic', SECRET],
  ['client_secret_post', SECRET],
  ['private_key_jwt', KEYS],
  ['tls_client_auth', CERTIFICATE],
  ['jwt_file', ASSERTION],
]
for (const [clientAuthentication, credential] of GOOD) {
  test(`${clientAuthentication} needs its own credential, and refuses every other`, () => {
    const { clientSecret } = parsed({ clientAuthentication, ...credential })
    assert.equal(clientSecret !== undefined, clientAuthentication.startsWith('client_secret'))
    assert.throws(() => parsed({ clientAuthentication }), /expected a value, because issuer\.clientAuthentication is /)
    for (const other of [SECRET, KEYS, CERTIFICATE, ASSERTION]) {
      if (Object.keys(other)[0] === Object.keys(credential)[0]) continue
      const both = () => parsed({ clientAuthentication, ...credential, ...other })
      assert.throws(both, new RegExp(`issuer\\.${Object.keys(other)[0]}: expected nothing, .*it would be ignored`))
      assert.throws(both, (error: Error) => !error.message.includes(SECRET.clientSecret))
    }
  })
}

test('files are relative to the folder of the configuration', () => {
  const { clientKeys } = parsed({ clientAuthentication: 'private_key_jwt', ...KEYS })
  assert.equal(clientKeys?.[0]?.path, '/etc/modelops/keys/client.pem')
})

test('client_secret_jwt is not offered, and the message says why', () => {
  assert.throws(
    () => parsed({ clientAuthentication: 'client_secret_jwt', ...SECRET }),
    (error: Error) =>
      /client_secret_jwt is not offered, because it needs the shared secret.*use private_key_jwt/.test(error.message) &&
      !error.message.includes('Did you mean'),
  )
})

test('a client certificate needs TLS', () => {
  const issuer = { url: 'http://127.0.0.1:1', clientAuthentication: 'tls_client_auth', ...CERTIFICATE }
  assert.throws(() => parsed(issuer), /issuer\.url: expected an https URL, because issuer\.clientAuthentication is tls/)
})
