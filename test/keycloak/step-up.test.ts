import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser as Chromium, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { pictures } from '../accessible.ts'
import { startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { type Realm, startRealm } from './realm.ts'

/** Step-up with a real Keycloak, set up as the guide says, and Chromium. Bob has a one-time password. */
const GUIDE = readFileSync('docs/guides/operate/step-up.md', 'utf8')
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'modelops-gateway-screenshots')
const OTP_SECRET = 'a-secret-of-twenty-b'
let keycloak: Realm
let gateway: RunningServer
let upstream: Recorder
let url: string
let chrome: Chromium
let page: Page

before(async () => {
  mkdirSync(SHOTS, { recursive: true })
  const port = await freePort()
  url = `http://localhost:${port}`
  upstream = await startRecorder()
  keycloak = await startRealm({ gatewayUrl: url, realm: realmOfGuide() })
  gateway = await startGateway({
    ...{ port, host: 'localhost', issuerUrl: keycloak.url, upstream: upstream.url },
    // Each request refreshes tokens that are older than a second: Keycloak's own clock cannot be moved.
    config: { session: { refreshBeforeSeconds: 299 } },
    routes: [
      { name: 'lobby', app: 'generic', path: '/lobby', access: 'login', authorization: 'access-token' },
      { name: 'payroll', app: 'generic', path: '/payroll', access: 'login', acr: ['otp'], maxAgeSeconds: 900 },
      { name: 'key', app: 'generic', path: '/key', access: 'login', acr: ['hardware'] },
    ],
  })
  chrome = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
  page = await (await chrome.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
}, KEYCLOAK_STARTS)
after(async () => {
  await chrome?.close()
  await gateway?.close()
  await Promise.all([keycloak?.close(), upstream?.close()])
})

/** The realm of the other tests with the part of a realm file that the guide shows. */
function realmOfGuide(): object {
  const realm = JSON.parse(readFileSync('infra/keycloak/shared-realm.json', 'utf8'))
  const part = JSON.parse(codeBlocks(GUIDE, 'json')[0] ?? '')
  const bob = realm.users.find((user: { username: string }) => user.username === 'bob')
  bob.credentials.push({
    type: 'otp',
    secretData: JSON.stringify({ value: OTP_SECRET }),
    credentialData: JSON.stringify({ subType: 'totp', digits: 6, counter: 0, period: 30, algorithm: 'HmacSHA1' }),
  })
  return { ...realm, ...part }
}

/**
 * The one-time password of this moment (RFC 6238, RFC 4226 §5.3).
 * @param ahead 30-second steps into the future: Keycloak accepts each password once, and that of the next step already
 */
function oneTimePassword(ahead: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead))
  const hash = createHmac('sha1', OTP_SECRET).update(counter).digest()
  const at = (hash.at(-1) ?? 0) & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

async function password(username: string): Promise<void> {
  await page.locator('#username').fill(username)
  await page.locator('#password').fill(`${username}-pw`)
  await page.locator('#kc-login').click()
}

async function secondFactor(ahead = 0): Promise<void> {
  await page.locator('#otp').fill(oneTimePassword(ahead))
  await page.locator('#kc-login').click()
}

/** The access token of the browser's session, as an upstream gets it. */
async function accessToken(): Promise<string> {
  await page.context().request.get(`${url}/lobby/`)
  return upstream.lastValues('authorization')[0] ?? ''
}

const claimsOf = (authorization: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString())

const ask = (path: string, authorization: string) => fetch(url + path, { headers: { authorization } })

let low = ''

test('a password is enough elsewhere, and says its level', async () => {
  await page.goto(`${url}/lobby/`)
  await password('bob')
  await page.waitForURL(`${url}/lobby/`)
  low = await accessToken()
  assert.equal(claimsOf(low).acr, 'password')
})

test('a script is denied with the challenge; Keycloak then asks for the second factor alone, and the place is kept', async () => {
  const denied = await page.context().request.get(`${url}/payroll/reports?month=5`, { headers: { accept: '*/*' } })
  assert.equal(denied.status(), 401)
  assert.match(denied.headers()['www-authenticate'] ?? '', /acr_values="otp", max_age="900", resource_metadata=/)
  await page.goto(`${url}/payroll/reports?month=5#june`)
  await page.locator('#otp').waitFor()
  assert.equal(await page.locator('#password').count(), 0)
  await secondFactor()
  await page.waitForURL(`${url}/payroll/reports?month=5#june`)
  assert.equal(upstream.received.at(-1)?.target, '/payroll/reports?month=5')
})

test('access tokens of Keycloak count by their own level', async () => {
  const high = await accessToken()
  assert.deepEqual([claimsOf(high).acr, typeof claimsOf(high).auth_time], ['otp', 'number'])
  assert.equal((await ask('/payroll/', high)).status, 200)
  const response = await ask('/payroll/', low)
  assert.equal(response.status, 401)
  assert.match(response.headers.get('www-authenticate') ?? '', /insufficient_user_authentication/)
})

test('the level and the time outlast refreshes', async () => {
  const first = await accessToken()
  let token = first
  while (token === first) token = await accessToken()
  assert.equal(claimsOf(token).auth_time, claimsOf(first).auth_time)
  const { status } = await page
    .context()
    .request.get(`${url}/payroll/`, { headers: { accept: '*/*' } })
    .then((response) => ({
      status: response.status(),
    }))
  assert.equal(status, 200)
})

test('a level that Keycloak does not know ends at a page, and the session goes on', async () => {
  await page.goto(`${url}/key/`)
  await page.locator('#level').waitFor()
  assert.equal(new URL(page.url()).pathname, '/auth/callback')
  assert.match(
    (await page.locator('#level').textContent()) ?? '',
    /^Required authentication level \(acr\): hardware\. Yours: /,
  )
  await pictures(page, SHOTS, 'step-up-failed')
  await page.goto(`${url}/lobby/`)
  assert.equal(new URL(page.url()).pathname, '/lobby/')
})

test('whoever is not signed in gives password and second factor at once', async () => {
  page = await (await chrome.newContext()).newPage()
  await page.goto(`${url}/payroll/`)
  await password('bob')
  await secondFactor(1)
  await page.waitForURL(`${url}/payroll/`)
})
