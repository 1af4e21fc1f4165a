import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, type TestContext, test } from 'node:test'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { CI_CLIENT, CLI_CLIENT, GATEWAY_CLIENT } from '../../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, type IssuerOptions, startIssuer } from '../../../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../../../infra/issuer/users.ts'
import { Browser } from '../../browser.ts'

const CALLBACK = 'http://127.0.0.1:9/auth/callback'
const SIGNED_OUT = 'http://127.0.0.1:9/auth/signed-out'
let issuer: EmbeddedIssuer

before(async () => {
  issuer = await startIssuer()
})
after(() => issuer.close())

const relyingParty = (id: string = GATEWAY_CLIENT.id, secret: string | null = GATEWAY_CLIENT.secret, at = issuer) =>
  client.discovery(new URL(at.url), id, undefined, secret === null ? client.None() : client.ClientSecretBasic(secret), {
    execute: [client.allowInsecureRequests],
  })

/** An issuer of the test's own, ended with it. */
async function ownIssuer(t: TestContext, options: IssuerOptions = {}): Promise<EmbeddedIssuer> {
  const own = await startIssuer(options)
  t.after(() => own.close())
  return own
}

/** Walks the code flow up to the redirect back; resolves to the tokens. */
async function login(username: string, { at = issuer, browser = new Browser() } = {}) {
  const config = await relyingParty(GATEWAY_CLIENT.id, GATEWAY_CLIENT.secret, at)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const start = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid profile email',
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const callback = await callbackOf(browser, start, username)
  return await client.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState })
}

/** The redirect to the gateway's callback, which nobody serves here. */
async function callbackOf(browser: Browser, start: URL, username: string): Promise<URL> {
  let response = await browser.fetch(start)
  let at = new URL(response.headers.get('location') ?? '', start)
  if (at.pathname.startsWith('/interaction/')) {
    const body = new URLSearchParams({ username, password: `${username}-pw` })
    response = await browser.fetch(at, { method: 'POST', body })
    assert.equal(response.status, 303)
    response = await browser.fetch(response.headers.get('location') ?? '')
    at = new URL(response.headers.get('location') ?? '')
  }
  return at
}

test('logs bob in and names his group and project in the ID token and the access token', async () => {
  const tokens = await login('bob')
  const claims = tokens.claims()
  assert.deepEqual(claims?.groups, ['project-alpha'])
  assert.deepEqual(claims?.project_ids, [ALPHA])
  assert.equal(claims?.preferred_username, 'bob')
  const keys = createRemoteJWKSet(new URL(`${issuer.url}/jwks`))
  const { payload } = await jwtVerify(tokens.access_token, keys, {
    issuer: issuer.url,
    audience: 'gateway',
    typ: 'at+jwt',
  })
  assert.deepEqual([payload.groups, payload.project_ids], [['project-alpha'], [ALPHA]])
  assert.equal(payload.sub, claims?.sub)
  assert.ok(tokens.refresh_token)
})

test('gives erin, who is in no group, no groups claim at all', async () => {
  const claims = (await login('erin')).claims()
  assert.equal(claims !== undefined && 'groups' in claims, false)
})

test('gives dave both projects', async () => {
  assert.deepEqual((await login('dave')).claims()?.project_ids, [ALPHA, BETA])
})

test('names itself in the redirect back (RFC 9207) and announces it', async () => {
  const config = await relyingParty()
  assert.equal(config.serverMetadata().authorization_response_iss_parameter_supported, true)
  const start = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge('x'.repeat(43)),
    code_challenge_method: 'S256',
  })
  assert.equal((await callbackOf(new Browser(), start, 'bob')).searchParams.get('iss'), issuer.url)
})

test('refuses the gateway a login without PKCE', async () => {
  const start = client.buildAuthorizationUrl(await relyingParty(), { redirect_uri: CALLBACK, scope: 'openid' })
  const response = await fetch(start, { redirect: 'manual' })
  assert.equal(new URL(response.headers.get('location') ?? '').searchParams.get('error'), 'invalid_request')
})

test('refuses a redirect that is not the gateway’s callback', async () => {
  const start = client.buildAuthorizationUrl(await relyingParty(), {
    redirect_uri: 'http://127.0.0.1:9/elsewhere',
    scope: 'openid',
  })
  assert.equal((await fetch(start, { redirect: 'manual' })).status, 400)
})

test('refuses a wrong password and says so without naming which half was wrong', async () => {
  const browser = new Browser()
  const start = client.buildAuthorizationUrl(await relyingParty(), {
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  })
  const page = await browser.open(start)
  const answer = await browser.submit(page, { username: 'bob', password: 'carol-pw' })
  assert.equal(answer.status, 403)
  assert.match(answer.text, /The user name or the password is not correct/)
})

test('accepts one click without a password only where that is switched on', async (t) => {
  const demo = await ownIssuer(t, { oneClick: true })
  const pick = async (at: EmbeddedIssuer) => {
    const browser = new Browser()
    const config = await relyingParty(GATEWAY_CLIENT.id, GATEWAY_CLIENT.secret, at)
    const challenge = { code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' }
    const start = client.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid', ...challenge })
    const page = await browser.open(start)
    return (await browser.fetch(page.url, { method: 'POST', body: new URLSearchParams({ pick: 'bob' }) })).status
  }
  assert.deepEqual([await pick(demo), await pick(issuer)], [303, 403])
})

test('a refresh shows a changed group, counts, and stops when the user is disabled', async (t) => {
  const own = await ownIssuer(t)
  const config = await relyingParty(GATEWAY_CLIENT.id, GATEWAY_CLIENT.secret, own)
  const first = await login('carol', { at: own })
  own.directory.change('carol', { groups: ['project-alpha'] })
  const second = await client.refreshTokenGrant(config, first.refresh_token ?? '')
  assert.deepEqual(second.claims()?.groups, ['project-alpha'])
  own.directory.change('carol', { enabled: false })
  await assert.rejects(client.refreshTokenGrant(config, second.refresh_token ?? ''), { error: 'invalid_grant' })
  assert.equal(own.refreshGrants, 2)
})

test('a refresh token used twice ends the grant when tokens rotate', async () => {
  const config = await relyingParty()
  const first = await login('bob')
  const second = await client.refreshTokenGrant(config, first.refresh_token ?? '')
  await assert.rejects(client.refreshTokenGrant(config, first.refresh_token ?? ''), { error: 'invalid_grant' })
  await assert.rejects(client.refreshTokenGrant(config, second.refresh_token ?? ''), { error: 'invalid_grant' })
})

test('without rotation a refresh token goes on, as at Keycloak', async (t) => {
  const own = await ownIssuer(t, { rotateRefreshTokens: false })
  const config = await relyingParty(GATEWAY_CLIENT.id, GATEWAY_CLIENT.secret, own)
  const first = await login('bob', { at: own })
  await client.refreshTokenGrant(config, first.refresh_token ?? '')
  assert.ok((await client.refreshTokenGrant(config, first.refresh_token ?? '')).access_token)
})

test('logs out by POST with a hint, ends the refresh token and tells the back channel', async (t) => {
  const received: string[] = []
  const listener = createServer(async (request, response) => {
    received.push(await text(request))
    response.end()
  }).listen(0, '127.0.0.1')
  t.after(() => listener.close())
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  const own = await ownIssuer(t)
  own.setBackchannelLogoutUrl(`http://127.0.0.1:${port}/auth/backchannel-logout`)
  const browser = new Browser()
  const tokens = await login('bob', { at: own, browser })

  const body = new URLSearchParams({
    id_token_hint: tokens.id_token ?? '',
    post_logout_redirect_uri: SIGNED_OUT,
    state: 's1',
  })
  const page = await browser.open(`${own.url}/session/end`, { method: 'POST', body })
  const fields = new URLSearchParams({ xsrf: /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '', logout: 'yes' })
  const end = await browser.fetch(`${own.url}/session/end/confirm`, { method: 'POST', body: fields })
  assert.equal(end.headers.get('location'), `${SIGNED_OUT}?state=s1`)

  const token = decodeJwt(new URLSearchParams(received[0]).get('logout_token') ?? '')
  assert.equal(token.sid, tokens.claims()?.sid)
  assert.ok(token.sid)
  const config = await relyingParty(GATEWAY_CLIENT.id, GATEWAY_CLIENT.secret, own)
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token ?? ''), { error: 'invalid_grant' })
})

test('gives the machine client a token with its groups and no subject of a person', async () => {
  const tokens = await client.clientCredentialsGrant(await relyingParty(CI_CLIENT.id, CI_CLIENT.secret))
  const claims = decodeJwt(tokens.access_token)
  assert.deepEqual([claims.sub, claims.groups, claims.aud], ['ci-service', ['project-alpha'], 'gateway'])
})

test('connects a device: code shown, confirmed in a browser, token fetched', async () => {
  const config = await relyingParty(CLI_CLIENT.id, null)
  const device = await client.initiateDeviceAuthorization(config, { scope: 'openid profile' })
  const browser = new Browser()
  const entry = await browser.open(device.verification_uri)
  const confirm = await browser.submit(entry, { user_code: device.user_code })
  const signIn = await browser.submit(confirm)
  const done = await browser.submit(signIn, { username: 'bob', password: 'bob-pw' })
  assert.match(done.text, /Connected/)
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 0 })
  assert.deepEqual(decodeJwt(tokens.access_token).groups, ['project-alpha'])
})

test('opaque tokens are answered at userinfo and introspection, and not after revocation', async (t) => {
  const own = await ownIssuer(t, { accessTokens: 'opaque' })
  const config = await relyingParty(GATEWAY_CLIENT.id, GATEWAY_CLIENT.secret, own)
  const tokens = await login('bob', { at: own })
  const claims = await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '')
  assert.deepEqual(claims.groups, ['project-alpha'])
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true)
  await client.tokenRevocation(config, tokens.access_token)
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
})

test('signs with a new key after a rotation and can withdraw the former', async (t) => {
  const own = await ownIssuer(t)
  const kids = async () => {
    const { keys } = (await (await fetch(`${own.url}/jwks`)).json()) as { keys: { kid: string }[] }
    return keys.map(({ kid }) => kid)
  }
  const [former] = await kids()
  await own.rotateKeys()
  const [current, kept] = await kids()
  assert.equal(kept, former)
  const header = JSON.parse(
    Buffer.from((await login('bob', { at: own })).id_token?.split('.')[0] ?? '', 'base64url').toString(),
  )
  assert.equal(header.kid, current)
  await own.rotateKeys({ keepPrevious: false })
  assert.equal((await kids()).length, 1)
})

test('fails, hangs up or answers late at the token endpoint when told to', async (t) => {
  const own = await ownIssuer(t)
  const ask = () => fetch(`${own.url}/token`, { method: 'POST', signal: AbortSignal.timeout(200) })
  own.tokenEndpoint = 'server-error'
  assert.equal((await ask()).status, 500)
  own.tokenEndpoint = 'reset'
  await assert.rejects(ask(), TypeError)
  own.tokenEndpoint = { delayMs: 60_000 }
  await assert.rejects(ask(), { name: 'TimeoutError' })
  own.tokenEndpoint = 'normal'
  assert.equal((await ask()).status, 400)
})

test('a restart on the same directory keeps keys and refresh tokens', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'issuer-'))
  const first = await startIssuer({ directory })
  const tokens = await login('bob', { at: first })
  await first.close()
  const second = await startIssuer({ directory })
  t.after(async () => {
    await second.close()
    rmSync(directory, { recursive: true })
  })
  const config = await relyingParty(GATEWAY_CLIENT.id, GATEWAY_CLIENT.secret, second)
  assert.ok((await client.refreshTokenGrant(config, tokens.refresh_token ?? '')).access_token)
})

test('short token life is what the token says', async (t) => {
  const own = await ownIssuer(t, { accessTokenSeconds: 7 })
  assert.equal((await login('bob', { at: own })).expires_in, 7)
  own.setAccessTokenSeconds(9)
  assert.equal((await login('bob', { at: own })).expires_in, 9)
})
