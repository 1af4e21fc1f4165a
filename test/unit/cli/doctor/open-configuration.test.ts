import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openConfiguration } from '../../../../src/cli/doctor/open-configuration.ts'
import { linesOf, temporaryFile } from './kit.ts'

const CONFIG = {
  server: { publicUrl: 'https://o.example' },
  issuer: { url: 'https://sso.example', clientId: 'gateway', clientSecret: '${env:CLIENT_SECRET}' },
  session: { secrets: ['k3Zr9vQ1xW7tY5uB2nM8aS4dF6gH0jL!'] },
  cookie: {},
  access: { adminGroup: 'admins' },
  projects: { source: 'claim' },
  routes: [{ name: 'app', app: 'generic', path: '/app', upstream: 'http://127.0.0.1:1', access: 'login' }],
}
const ENV = { CLIENT_SECRET: 'a-secret-that-is-never-shown' }

function opened(t: TestContext, over: object, env: NodeJS.ProcessEnv = ENV) {
  return openConfiguration(temporaryFile(t, 'gateway.yaml', JSON.stringify({ ...CONFIG, ...over })), env)
}

test('a valid configuration is used as it is', (t) => {
  const { config, hasSecrets, findings } = opened(t, {})
  assert.deepEqual([config?.issuer.clientSecret, hasSecrets], [ENV.CLIENT_SECRET, true])
  assert.match(linesOf(findings).join(), /^ok: .*gateway\.yaml is valid: 1 route, projects: claim$/)
})

test('values that do not fit together are reported, and the servers are checked all the same', (t) => {
  const { config, hasSecrets, findings } = opened(t, { cookie: { domain: 'other.example' } })
  assert.deepEqual([config?.cookie.domain, hasSecrets], ['other.example', true])
  assert.match(
    linesOf(findings).join(),
    /^failed: .*cookie\.domain: expected a domain that the host of server\.publicUrl/,
  )
})

test('where the secrets are not available, what needs none is checked', (t) => {
  const { config, hasSecrets, findings } = opened(t, {}, {})
  assert.deepEqual([config?.issuer.url, hasSecrets], ['https://sso.example', false])
  assert.match(`${findings[0]?.status} ${findings[0]?.cause}`, /^failed .*exists only where the gateway runs/)
})

test('a configuration that cannot be read leaves nothing to check, and shows no secret', (t) => {
  const { config, findings } = opened(t, { issuer: { url: 3, clientSecret: ENV.CLIENT_SECRET } })
  assert.equal(config, undefined)
  assert.ok(findings.every(({ status, cause, fix }) => status === 'failed' && cause && fix))
  assert.ok(!JSON.stringify(findings).includes(ENV.CLIENT_SECRET))
  assert.match(linesOf(openConfiguration('/not/there.yaml', {}).findings).join(), /^failed: .*ENOENT/)
})
