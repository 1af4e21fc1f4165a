import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../../src/gateway/config/load.ts'

/** Ways around a step-up that a configuration contains are valid, and said. */
const STRICT = { name: 'strict', app: 'generic', path: '/strict', access: 'login', acr: ['gold'], maxAgeSeconds: 600 }

function warningsOf(...routes: Record<string, unknown>[]): string[] {
  const warnings: string[] = []
  const raw = {
    server: { publicUrl: 'https://o.example' },
    issuer: { url: 'https://sso.example', clientId: 'gateway', clientSecret: 'a-secret-of-the-client' },
    session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
    access: { adminGroup: 'admins' },
    projects: { source: 'static', list: [] },
    routes: routes.map((route) => ({ upstream: 'http://127.0.0.1:5000', access: 'login', app: 'generic', ...route })),
  }
  parseConfig(JSON.stringify(raw), 'test.yaml', {}, { warn: (message) => void warnings.push(message) })
  return warnings
}

const doubtful: [string, Record<string, unknown>][] = [
  ['another path of the host', { path: '/other' }],
  ['another host', { host: 'api.example', path: '/' }],
  ['a narrower path', { path: '/strict/open' }],
  ['a public route', { path: '/other', access: 'public' }],
  ['a level more', { path: '/other', acr: ['gold', 'silver'], maxAgeSeconds: 600 }],
  ['a longer time', { path: '/other', acr: ['gold'], maxAgeSeconds: 601 }],
  ['machines', { path: '/other', acr: ['gold'], maxAgeSeconds: 600, stepUpMachines: 'allow' }],
  ['an upstream spelled with a slash', { path: '/other', upstream: 'http://127.0.0.1:5000/' }],
  ['an MLflow route around it, whose path is not forwarded', { path: '/', app: 'mlflow', access: 'project' }],
]
for (const [name, other] of doubtful)
  test(`warns about a route to the same upstream that demands less: ${name}`, () => {
    const [warning = '', ...more] = warningsOf(STRICT, { name: 'lax', ...other })
    assert.deepEqual(more, [])
    assert.match(
      warning,
      /^routes\.0: expected the same acr and maxAgeSeconds on every route to http:\/\/127\.0\.0\.1:5000, got less on the route lax\. Whoever uses lax does not step up\./,
    )
  })

const fine: [string, Record<string, unknown>][] = [
  ['another upstream', { path: '/other', upstream: 'http://127.0.0.1:5001' }],
  ['the same demands', { path: '/other', acr: ['gold'], maxAgeSeconds: 600 }],
  ['a wider route of the same host, which never takes a path of the narrower one', { path: '/' }],
]
for (const [name, other] of fine)
  test(`does not warn about ${name}`, () => assert.deepEqual(warningsOf(STRICT, { name: 'lax', ...other }), []))

test('an MLflow with an instance for each project is compared by each of them', () => {
  const instances = { '11111111-1111-4111-8111-111111111111': 'http://127.0.0.1:5000' }
  const mlflow = {
    name: 'mlflow',
    app: 'mlflow',
    path: '/mlflow',
    access: 'project',
    upstream: 'http://127.0.0.1:7000',
  }
  assert.equal(warningsOf(STRICT, { ...mlflow, mlflow: { tenancy: 'instance', instances } }).length, 1)
})
