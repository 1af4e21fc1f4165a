import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { startGateway } from '../kit.ts'
import { type MisbehavingIssuer, startMisbehavingIssuer } from '../misbehaving-issuer/issuer.ts'
import type { Instance } from '../misbehaving-issuer/misbehaviour.ts'
import { SESSION_ID } from '../misbehaving-issuer/tokens.ts'
import { type Recorder, startRecorder } from '../recorder.ts'

/** The issuer's sign-out page in a real browser: what it may frame, and which cookies arrive. */
let chrome: Browser
let issuer: MisbehavingIssuer
let upstream: Recorder
const started: RunningServer[] = []

before(async () => {
  chrome = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
  issuer = await startMisbehavingIssuer()
  upstream = await startRecorder()
})
after(async () => {
  await chrome?.close()
  await Promise.all(started.map((gateway) => gateway.close()))
  await Promise.all([issuer?.close(), upstream?.close()])
})

interface Stage {
  readonly at: Instance
  readonly url: string
  readonly page: Page
  readonly logged: Record<string, unknown>[]
}

/** A person who is signed in at a gateway on `host`; the issuer is at 127.0.0.1. */
async function signedIn(host: string, metadata: Record<string, unknown> = {}): Promise<Stage> {
  const at = issuer.run('frames', { metadata: (right) => ({ ...right, ...metadata }) })
  const port = await freePort()
  const logged: Record<string, unknown>[] = []
  const config = { issuer: { clientId: at.clientId, clientSecret: at.secret } }
  started.push(await startGateway({ port, issuerUrl: at.url, upstream: upstream.url, logged, host, config }))
  const page = await (await chrome.newContext()).newPage()
  const url = `http://${host}:${port}`
  await page.goto(`${url}/`)
  await page.getByText('Signed in as alice').waitFor()
  return { at, url, page, logged }
}

/** Opens a page of `origin` and adds the frame. @returns the text of the frame, empty if the browser does not show it */
async function frameOn(origin: string, { page, url, at }: Stage): Promise<string> {
  await page.goto(origin)
  const src = `${url}/auth/frontchannel-logout?${new URLSearchParams({ iss: at.url, sid: SESSION_ID })}`
  await page.evaluate(
    `new Promise((resolve) => { const frame = document.createElement('iframe'); frame.onload = resolve; frame.src = ${JSON.stringify(src)}; document.body.append(frame) })`,
  )
  const frame = page.frames().find((each) => each !== page.mainFrame())
  return (await frame?.locator('main').allInnerTexts())?.join('') ?? ''
}

const endings = ({ logged }: Stage) =>
  logged.filter(({ event }) => event === 'frontchannel-logout').map(({ ended, subject }) => [ended, subject])

test('on the site of the issuer the cookie arrives: the session ends, and the page shows in the frame', async () => {
  const stage = await signedIn('127.0.0.1', { backchannel_logout_supported: true })
  assert.match(await frameOn(stage.at.url, stage), /You are signed out/)
  assert.deepEqual(endings(stage), [[1, 'alice-sub']])
})

test('on another site no cookie arrives: at an issuer without back channel the session ends by its sid', async () => {
  const stage = await signedIn('localhost')
  assert.match(await frameOn(stage.at.url, stage), /You are signed out/)
  assert.deepEqual(endings(stage), [[1, undefined]])
})

test('on another site, at an issuer with back channel, nothing ends', async () => {
  const stage = await signedIn('localhost', { backchannel_logout_supported: true })
  assert.match(await frameOn(stage.at.url, stage), /Nothing to sign out/)
  assert.deepEqual(endings(stage), [[0, undefined]])
})

test('a page of anybody else cannot show it', async () => {
  const stage = await signedIn('127.0.0.1')
  assert.equal(await frameOn(upstream.url, stage), '')
})
