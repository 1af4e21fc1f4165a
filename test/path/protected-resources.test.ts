import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { dpopClient } from '../dpop-client.ts'
import { KIT_PROJECTS, type Kit, startKit } from '../kit.ts'

/** A program that knows nothing but the URL of an application: RFC 9728 tells it where to get a token (as for MCP). */

let kit: Kit

const ROUTES = [
  { name: 'notes', app: 'generic', path: '/notes', access: 'project', title: 'Notes of the team' },
  { name: 'ops', app: 'generic', path: '/ops', access: 'admin' },
  { name: 'open', app: 'generic', path: '/open', access: 'public' },
  { name: 'site', app: 'generic', host: 'site.example', path: '/', access: 'login' },
]

before(async () => {
  kit = await startKit({
    routes: ROUTES,
    config: {
      issuer: { routeAudiences: true },
      proofOfPossession: { dpop: 'accept' },
      server: { trustedProxies: ['10.0.0.0/8'] },
    },
  })
})
after(() => kit?.close())

const INSECURE = { [oauth.allowInsecureRequests]: true }
const metadataOf = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${kit.url}/.well-known/oauth-protected-resource${path}`, { headers })
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) }
}

test('a program gets from a 401 to a token for the route, and in', async () => {
  const url = `${kit.url}/notes`
  const denied = await fetch(`${url}/x`)
  const [, named = ''] = /^Bearer resource_metadata="([^"]+)"/.exec(denied.headers.get('www-authenticate') ?? '') ?? []
  assert.equal(named, `${kit.url}/.well-known/oauth-protected-resource/notes`)

  // What oauth4webapi does with the URL of the application leads to the same document, which it verifies.
  const resource = new URL(url)
  const found = await oauth.processResourceDiscoveryResponse(
    resource,
    await oauth.resourceDiscoveryRequest(resource, INSECURE),
  )
  const [issuer = ''] = found.authorization_servers ?? []
  const server = await oauth.processDiscoveryResponse(
    new URL(issuer),
    await oauth.discoveryRequest(new URL(issuer), INSECURE),
  )
  const client = { client_id: CI_CLIENT.id }
  const form = new URLSearchParams({ resource: found.resource })
  const authentication = oauth.ClientSecretBasic(CI_CLIENT.secret)
  const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, form, INSECURE)
  const { access_token: token } = await oauth.processClientCredentialsResponse(server, client, response)

  const used = await oauth.protectedResourceRequest(token, 'GET', new URL(`${url}/x`), undefined, undefined, INSECURE)
  assert.equal(used.status, 200)
  assert.deepEqual(kit.upstream.lastValues('AOA-Project-ID'), [ALPHA])
  // The token is for this application alone.
  for (const path of ['/ops/x', '/auth/session']) {
    const elsewhere = await fetch(`${kit.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    assert.deepEqual([elsewhere.status, JSON.parse(await elsewhere.text()).reason], [401, 'token-invalid'], path)
  }
})

test('a bound token for a route works as well', async () => {
  const ci = await dpopClient(kit.issuer.url, CI_CLIENT, { resource: `${kit.url}/notes` })
  assert.equal((await ci.fetch(`${kit.url}/notes/x`)).status, 200)
  assert.equal((await ci.fetch(`${kit.url}/ops/x`)).status, 401)
})

test('the metadata of a route says what a client needs, and nothing of projects or upstreams', async () => {
  const { status, headers, body } = await metadataOf('/notes')
  assert.equal(status, 200)
  assert.deepEqual(
    [headers.get('content-type'), headers.get('cache-control')],
    ['application/json; charset=utf-8', 'public, max-age=300'],
  )
  assert.deepEqual(body, {
    resource: `${kit.url}/notes`,
    resource_name: 'Notes of the team',
    authorization_servers: [kit.issuer.url],
    scopes_supported: ['openid', 'profile', 'email'],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: ['ES256', 'ES384', 'ES512', 'PS256', 'RS256', 'EdDSA', 'Ed25519'],
    dpop_bound_access_tokens_required: false,
  })
  const text = JSON.stringify([body, (await metadataOf('')).body])
  for (const secret of [...KIT_PROJECTS.flatMap(({ id, name, groups }) => [id, name, ...groups]), kit.upstream.url])
    assert.ok(!text.includes(secret), secret)
})

test('the gateway has metadata of its own, and a route at `/` has that of its host', async () => {
  assert.equal((await metadataOf('')).body.resource, kit.url)
})

test('there is no metadata of a public route, a path below a route, an unknown path, or another host', async () => {
  for (const path of ['/open', '/notes/x', '/notes/', '/unknown', '/', '/site'])
    assert.deepEqual([(await metadataOf(path)).status, (await metadataOf(path)).body.reason], [404, 'no-route'], path)
})

test('only GET and HEAD read metadata', async () => {
  const url = `${kit.url}/.well-known/oauth-protected-resource/notes`
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200)
  const response = await fetch(url, { method: 'POST' })
  assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD'])
})

test('an application at `/` publishes no metadata: the gateway verifies the tokens', async () => {
  const other = await startKit({ routes: [{ name: 'all', app: 'generic', path: '/', access: 'public' }] })
  try {
    for (const path of ['', '/all', '/x/y']) {
      const response = await fetch(`${other.url}/.well-known/oauth-protected-resource${path}`)
      assert.equal(response.status, path === '' ? 200 : 404)
      await response.body?.cancel()
    }
    assert.equal(other.upstream.received.length, 0)
    // A name that only begins like it is the application's.
    assert.equal((await fetch(`${other.url}/.well-known/oauth-protected-resources`)).status, 200)
    assert.equal(other.upstream.received.length, 1)
  } finally {
    await other.close()
  }
})
