import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import request from 'supertest'
import { LOGOUT_TOKENS } from '../../../misbehaving-issuer/catalogue/logout-tokens.ts'
import { type MisbehavingIssuer, startMisbehavingIssuer } from '../../../misbehaving-issuer/issuer.ts'
import { signed } from '../../../misbehaving-issuer/keys.ts'
import { logoutToken } from '../../../misbehaving-issuer/tokens.ts'
import { signOut } from './logout-play.ts'
import { assertLogIsClean, type Stage, sendLogoutToken, setUp, signIn } from './play.ts'

let issuer: MisbehavingIssuer

before(async () => {
  issuer = await startMisbehavingIssuer()
})
after(() => issuer.close())

async function signedIn(name: string, misbehaviour = {}): Promise<Stage> {
  const stage = setUp(issuer, name, misbehaviour)
  assert.equal((await signIn(stage)).status, 303)
  return stage
}

const isAlive = async ({ kit, browser }: Stage) => (await kit.deps.sessions.load(browser.cookieHeader)) !== undefined

describe('back-channel logout', { concurrency: 8 }, () => {
  for (const [name, row] of Object.entries(LOGOUT_TOKENS)) {
    test(`${name}: ${row.outcome}`, async () => {
      const stage = await signedIn(name)
      const { status, body, headers } = await sendLogoutToken(stage, await logoutToken(stage.at, row))
      const isDenied = row.outcome === 'request-malformed'
      assert.equal(status, isDenied ? 400 : 200)
      assert.equal(body.reason, isDenied ? 'request-malformed' : undefined)
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(await isAlive(stage), row.outcome !== 'ends the session')
      assertLogIsClean(stage)
    })
  }

  test('a logout token is accepted once', async () => {
    const stage = await signedIn('logout-replay')
    const token = await logoutToken(stage.at, { claims: { sid: undefined } })
    assert.equal((await sendLogoutToken(stage, token)).status, 200)
    await signIn(stage)
    assert.equal((await sendLogoutToken(stage, token)).status, 400)
    assert.ok(await isAlive(stage))
  })

  const requests: [string, number, (url: request.Agent, token: string) => request.Test][] = [
    ['GET', 405, (agent, token) => agent.get(`/auth/backchannel-logout?logout_token=${token}`)],
    ['JSON', 400, (agent, logout_token) => agent.post('/auth/backchannel-logout').send({ logout_token })],
    ['text', 400, (agent, token) => agent.post('/auth/backchannel-logout').type('text').send(`logout_token=${token}`)],
    ['a token twice', 400, (agent, token) => form(agent, `logout_token=${token}&logout_token=${token}`)],
    ['no token', 400, (agent) => form(agent, 'a=b')],
    ['a token in the query', 400, (agent, token) => agent.post(`/auth/backchannel-logout?logout_token=${token}`)],
  ]
  for (const [name, expected, send] of requests) {
    test(`a request with ${name} is denied and ends nothing`, async () => {
      const stage = await signedIn('logout-request')
      const response = await send(request(stage.kit.app), await logoutToken(stage.at))
      assert.equal(response.status, expected)
      assert.ok(await isAlive(stage))
    })
  }

  test('an issuer that publishes no key set is an outage: the token may come again', async () => {
    for (const keys of [{ keys: 'none' }, []]) {
      let isBroken = false
      const stage = await signedIn('logout-keys', {
        header: { kid: undefined },
        jwks: (right: object) => (isBroken ? keys : right),
      })
      isBroken = true
      const token = await logoutToken(stage.at, {
        header: { kid: 'second' },
        sign: (payload, header, at) => signed(payload, header, at.keys.second),
      })
      assert.equal((await sendLogoutToken(stage, token)).status, 503)
      assert.ok(await isAlive(stage))
    }
  })
})

const form = (agent: request.Agent, body: string) => agent.post('/auth/backchannel-logout').type('form').send(body)

const returns: [string, (to: URL) => void, string][] = [
  ['the right state', () => undefined, '/mlflow/#/x'],
  ['no state', (to) => to.searchParams.delete('state'), 'page'],
  ['another state', (to) => to.searchParams.set('state', 'another'), 'page'],
  ['a state twice', (to) => to.searchParams.append('state', 'another'), '/mlflow/#/x'],
  ['a hostile state', (to) => to.searchParams.set('state', 'https://evil.example/'), 'page'],
  ['a hostile return_to', (to) => (to.search = '?return_to=https://evil.example/'), 'page'],
  ['an error with markup', (to) => (to.search = '?error=<script>alert(1)</script>'), 'page'],
]
describe('RP-initiated logout', () => {
  for (const [name, endSession, expected] of returns) {
    test(`an issuer that returns with ${name} leads to ${expected}`, async () => {
      const stage = await signedIn('rp-logout', { endSession })
      const { landed, hint } = await signOut(stage, '/mlflow/#/x')
      assert.equal(hint.split('.').length, 3, 'an ID token')
      assert.equal(landed.get('location') ?? 'page', expected)
      assert.equal(landed.status, expected === 'page' ? 200 : 303)
      assert.ok(!landed.text.includes('alert(1)') && !landed.text.includes('evil'))
      assert.equal(await isAlive(stage), false)
    })
  }
})
