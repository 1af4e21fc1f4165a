import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'

/** RFC 8707: the tokens that the gateway requests are for the resource that the configuration names. */

const RESOURCE = 'https://modelops.example/api'
let kit: Kit

before(async () => {
  kit = await startKit({
    config: { issuer: { resource: RESOURCE, audiences: ['gateway'] } },
    issuer: { accessTokenSeconds: 120 },
    routes: [
      {
        name: 'app',
        app: 'generic',
        path: '/app',
        access: 'project',
        authorization: 'access-token',
        basicCredentials: true,
      },
    ],
  })
})
after(() => kit?.close())

function forwardedAudience(): unknown {
  const [authorization = ''] = kit.upstream.lastValues('Authorization')
  return decodeJwt(authorization.replace('Bearer ', '')).aud
}

test('the token of a session is for the resource, after the sign-in and after a refresh', async () => {
  const browser = await signedInBrowser(kit, 'bob')
  assert.equal((await browser.fetch(`${kit.url}/app/x`)).status, 200)
  assert.equal(forwardedAudience(), RESOURCE)
  const before = kit.issuer.refreshGrants
  kit.clock.ahead = 125_000
  assert.equal((await browser.fetch(`${kit.url}/app/x`)).status, 200)
  assert.equal(kit.issuer.refreshGrants, before + 1)
  assert.equal(forwardedAudience(), RESOURCE)
  kit.clock.ahead = 0
})

test('so is the token for Basic credentials, and its audience is accepted', async () => {
  const headers = { authorization: `Basic ${btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`)}` }
  const response = await fetch(`${kit.url}/app/x`, { headers })
  assert.equal(response.status, 200)
  assert.equal(forwardedAudience(), RESOURCE)
})
