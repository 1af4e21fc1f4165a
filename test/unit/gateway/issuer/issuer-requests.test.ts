import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { IssuerRequests } from '../../../../src/gateway/issuer/issuer-requests.ts'

const seen: string[] = []
const requests = new IssuerRequests({
  requested(operation, seconds, error) {
    assert.ok(seconds >= 0)
    seen.push(`${operation} ${error ?? 'ok'}`)
  },
})
const server = createServer((request, response) => {
  const status = Number(new URL(request.url ?? '', 'http://x').searchParams.get('status') ?? 200)
  if (status > 0) response.writeHead(status).end()
})
let url = ''
before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  requests.learn({
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/keys`,
    introspection_endpoint: `${url}/introspect`,
    userinfo_endpoint: `${url}/userinfo`,
    revocation_endpoint: `${url}/revoke`,
  })
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const grant = (type: string) => ({ method: 'POST', body: `grant_type=${type}&code=secret` })
const cases: [path: string, options: RequestInit, expected: string][] = [
  ['/.well-known/openid-configuration', {}, 'discovery ok'],
  ['/keys', {}, 'keys ok'],
  ['/token', grant('authorization_code'), 'token ok'],
  ['/token', grant('refresh_token'), 'refresh ok'],
  ['/token', grant('client_credentials'), 'client-credentials ok'],
  ['/token', grant('anything-else'), 'other ok'],
  ['/introspect', { method: 'POST' }, 'introspection ok'],
  ['/userinfo', {}, 'userinfo ok'],
  ['/revoke', { method: 'POST' }, 'revocation ok'],
  ['/elsewhere?status=302', { redirect: 'manual' }, 'other 3xx'],
  ['/elsewhere?status=404', {}, 'other 4xx'],
  ['/elsewhere?status=503', {}, 'other 5xx'],
]
for (const [path, options, expected] of cases) {
  test(`${path} ${options.body ?? ''} is counted as ${expected}`, async () => {
    await requests.fetch(url + path, options)
    assert.equal(seen.at(-1), expected)
  })
}

test('a request without a response is a timeout, or a failed connection', async () => {
  await assert.rejects(requests.fetch(`${url}/elsewhere?status=0`, { signal: AbortSignal.timeout(50) }))
  assert.equal(seen.at(-1), 'other timeout')
  await assert.rejects(requests.fetch('http://127.0.0.1:1/keys', {}))
  assert.equal(seen.at(-1), 'other connection')
})
