import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { issuerErrors } from '../../src/cli/check/issuer.ts'
import { parseConfig } from '../../src/gateway/config/load.ts'
import { type Realm, startRealm } from './realm.ts'

/** `check --online` against a real Keycloak: the wording of its errors is not standardized. */
let keycloak: Realm

before(async () => {
  keycloak = await startRealm({ gatewayUrl: 'http://localhost:4180' })
}, KEYCLOAK_STARTS)
after(() => keycloak?.close())

async function pathsOfErrors(client: object, publicUrl = 'https://o.example'): Promise<string[]> {
  const config = {
    server: { publicUrl },
    issuer: { url: keycloak.url, clientId: 'gateway', clientSecret: 'gateway-secret', ...client },
    session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'claim' },
    routes: [{ name: 'app', app: 'generic', path: '/app', upstream: 'http://127.0.0.1:1', access: 'login' }],
  }
  const errors = await issuerErrors(parseConfig(JSON.stringify(config), 'check.yaml', {}))
  return errors.map(({ path }) => path)
}

test('the client of the realm has no errors', async () => {
  assert.deepEqual(await pathsOfErrors({}), [])
  assert.deepEqual(await pathsOfErrors({ clientAuthentication: 'client_secret_post' }), [])
})

test('a wrong secret is found', async () => {
  assert.deepEqual(await pathsOfErrors({ clientSecret: 'not-the-secret' }), ['issuer.clientSecret'])
})

test('a client that the realm does not have is found', async () => {
  assert.ok((await pathsOfErrors({ clientId: 'nobody' })).includes('issuer.clientId'))
})

test('a client without redirect URIs is found', async () => {
  const client = { clientId: 'ci-service', clientSecret: 'ci-service-secret' }
  assert.deepEqual(await pathsOfErrors(client), ['server.publicUrl'])
})

test('a redirect URI that is not registered is found', async () => {
  assert.deepEqual(await pathsOfErrors({}, 'https://other.example'), ['server.publicUrl'])
})

test('a scope that the realm does not have is found', async () => {
  assert.deepEqual(await pathsOfErrors({ scopes: ['openid', 'invented'] }), ['issuer.scopes'])
})
