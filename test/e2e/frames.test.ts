import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Frame, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { startGateway } from '../kit.ts'
import { type MisbehavingIssuer, startMisbehavingIssuer } from '../misbehaving-issuer/issuer.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { CHROMIUM_FLAGS } from './world.ts'

/** An application in a frame of another site, in a real browser that blocks cookies of third parties. */
let chrome: Browser
let issuer: MisbehavingIssuer
let site: Recorder
const started: RunningServer[] = []

before(async () => {
  // Browsers treat each name below localhost as a site of its own, and as secure without TLS.
  const args = [...CHROMIUM_FLAGS, '--test-third-party-cookie-phaseout']
  chrome = await chromium.launch({ executablePath: await ensureChromium(), args })
  issuer = await startMisbehavingIssuer()
  site = await startRecorder()
})
after(async () => {
  await chrome?.close()
  await Promise.all(started.map((gateway) => gateway.close()))
  await Promise.all([issuer?.close(), site?.close()])
})

const PORTAL = 'portal.localhost'
const ELSEWHERE = 'elsewhere.localhost'
const origin = (host: string) => `http://${host}:${new URL(site.url).port}`

/** A gateway with these cookies, and a tab. */
async function stage(cookie: Record<string, unknown>): Promise<{ readonly url: string; readonly page: Page }> {
  const at = issuer.run('frames', {})
  const port = await freePort()
  const host = 'gateway.localhost'
  const config = {
    issuer: { clientId: at.clientId, clientSecret: at.secret },
    cookie: { secure: true, sameSite: 'none', ...cookie },
    server: { frameAncestors: [PORTAL, ELSEWHERE].map(origin) },
  }
  const routes = [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login' }]
  started.push(await startGateway({ port, issuerUrl: at.url, upstream: site.url, host, routes, config }))
  return { url: `http://${host}:${port}`, page: await (await chrome.newContext()).newPage() }
}

/** Shows the application in a frame of a page of `host`. */
async function frameOn(host: string, { page, url }: { page: Page; url: string }): Promise<Frame> {
  await page.goto(origin(host))
  await page.evaluate(
    `new Promise((resolve) => { const frame = document.createElement('iframe'); frame.onload = resolve; frame.src = ${JSON.stringify(`${url}/lobby/`)}; document.body.append(frame) })`,
  )
  const frame = page.frames().find((each) => each !== page.mainFrame())
  assert.ok(frame)
  return frame
}

/** The gateway's cookies of a browser. */
const cookiesOf = async ({ page }: { page: Page }) =>
  (await page.context().cookies()).filter(({ domain }) => domain === 'gateway.localhost')

test('with partitioned cookies the user signs in inside the frame, once for each site', async () => {
  const at = await stage({ partitioned: true })
  const frame = await frameOn(PORTAL, at)
  assert.equal(new URL(frame.url()).pathname, '/lobby/')
  const [first, ...more] = await cookiesOf(at)
  assert.equal(more.length, 0)
  assert.match(first?.name ?? '', /^__Host-modelops_gateway$/)
  await frameOn(PORTAL, at)
  assert.deepEqual(await cookiesOf(at), [first])
  await frameOn(ELSEWHERE, at)
  const values = new Set((await cookiesOf(at)).map(({ value }) => value))
  assert.equal(values.size, 2)
})

test('without them a browser that blocks cookies of third parties keeps no session in a frame', async () => {
  const at = await stage({})
  await frameOn(PORTAL, at)
  assert.deepEqual(await cookiesOf(at), [])
})

test('a page of a site that the configuration does not name shows neither the application nor our pages', async () => {
  const at = await stage({ partitioned: true })
  await at.page.goto(`${at.url}/lobby/`)
  await at.page.waitForURL(`${at.url}/lobby/`)
  const shown = await at.page.reload()
  const policy = ["frame-ancestors 'self'", origin(PORTAL), origin(ELSEWHERE)].join(' ')
  assert.equal(shown?.headers()['content-security-policy'], policy)
  assert.equal(new URL(at.page.url()).pathname, '/lobby/')
  assert.match((await frameOn('mallory.localhost', at)).url(), /^chrome-error:|^$/)
})
