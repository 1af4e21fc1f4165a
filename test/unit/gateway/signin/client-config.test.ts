import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configSchema } from '../../../../src/gateway/config/schema.ts'
import { clientConfig, clientConfigSchema } from '../../../../src/gateway/signin/client-config.ts'

const secret = 'a-client-secret-that-stays-here'
const config = (issuer: Record<string, unknown> = {}) =>
  configSchema.parse({
    server: { publicUrl: 'https://o.example:8443' },
    issuer: { url: 'https://sso.example/realms/shared', clientId: 'gateway', clientSecret: secret, ...issuer },
    session: { secrets: ['0123456789abcdef0123456789abcdef'] },
    access: { adminGroup: 'admins' },
    projects: { source: 'claim' },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream: 'http://127.0.0.1:5000', access: 'project' },
      {
        name: 'core',
        app: 'core',
        host: 'api.example',
        path: '/',
        upstream: 'http://127.0.0.1:1',
        access: 'login',
      },
    ],
  })

test('a client gets the issuer, its client ID and the public URL of every route', () => {
  assert.deepEqual(clientConfig(config({ cliClientId: 'cli', audiences: ['modelops', 'gateway'] })), {
    issuer: 'https://sso.example/realms/shared',
    client_id: 'cli',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    audience: 'modelops',
    routes: [
      { name: 'mlflow', app: 'mlflow', url: 'https://o.example:8443/mlflow' },
      { name: 'core', app: 'core', url: 'https://api.example' },
    ],
  })
})

test('the published configuration contains neither the secret nor an upstream', () => {
  const published = JSON.stringify(clientConfig(config({ cliClientId: 'cli' })))
  assert.ok(!published.includes(secret))
  assert.ok(!published.includes('127.0.0.1'))
})

test('a gateway without a command-line client publishes none', () => {
  assert.equal(clientConfigSchema.parse(clientConfig(config())).client_id, undefined)
})

test('the scopes of the command line come from the configuration', () => {
  assert.deepEqual(clientConfig(config({ cliScopes: ['openid'] })).scopes, ['openid'])
})
