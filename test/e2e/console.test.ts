import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { accessible } from '../accessible.ts'
import { signedInBrowser, startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { type FakeIssuer, startFakeIssuer } from '../unit/gateway/signin/fake-issuer.ts'
import { gitHubClaims } from '../workload-tokens.ts'

/** The administration console in a real browser, without scripts: on the public listener and on the admin listener. */
/** Where pictures of every page go; none are made unless asked for, because they take a minute. */
const SHOTS = process.env.SCREENSHOTS
const TOKEN = 'the-token-of-the-administrators'
/** "Why was bob denied?" is answered within this time from his request ID, ms. */
const ANSWERED_WITHIN_MS = 30_000
const DENIED = '/mlflow/beta/#/experiments'

let url: string
let admin: string
let issuer: EmbeddedIssuer
/** Signs tokens of workflows. */
let workflows: FakeIssuer
let upstream: Recorder
let gateway: RunningServer
let chrome: Browser
const logged: Record<string, unknown>[] = []

before(async () => {
  if (SHOTS !== undefined) mkdirSync(SHOTS, { recursive: true })
  const [port, adminPort] = [await freePort(), await freePort()]
  url = `http://localhost:${port}`
  admin = `http://localhost:${adminPort}`
  issuer = await startIssuer({ host: 'localhost', gatewayUrls: [url], oneClick: true })
  workflows = await startFakeIssuer()
  const claims = { repository_id: '74001', event_name: 'push' }
  const rules = [{ name: 'read-alpha', claims, project: ALPHA, role: 'viewer' }]
  upstream = await startRecorder()
  gateway = await startGateway({
    ...{ port, host: 'localhost', issuerUrl: issuer.url, upstream: upstream.url, logged },
    config: {
      issuer: { url: issuer.url, additional: [{ url: workflows.url, audiences: [url], rules }] },
      server: {
        adminListen: `127.0.0.1:${adminPort}`,
        adminTokenHash: createHash('sha256').update(TOKEN).digest('hex'),
      },
    },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' },
      { name: 'airflow', app: 'airflow', path: '/airflow', access: 'member', upstream: 'http://127.0.0.1:1' },
      { name: 'ops', app: 'generic', path: '/ops', access: 'admin' },
    ],
  })
  chrome = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
})
after(async () => {
  await chrome?.close()
  await gateway?.close()
  await Promise.all([issuer?.close(), workflows?.close(), upstream?.close()])
})

async function signedIn(username: string): Promise<BrowserContext> {
  const context = await chrome.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  await page.goto(url)
  await page.getByRole('button', { name: new RegExp(username) }).click()
  await page.getByRole('heading', { name: /Hello/ }).waitFor()
  return context
}

/** In both color schemes, wide and narrow. Nothing is wider than the window. */
async function shots(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 800 })
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `${name} ${width}`)
      if (SHOTS === undefined) continue
      await page.screenshot({ path: join(SHOTS, `console-${name}-${colorScheme}-${width}.png`), fullPage: true })
    }
  await page.emulateMedia({ colorScheme: null })
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('bob is denied, and an administrator reads from his request ID which group is missing', async () => {
  const bob = await signedIn('bob')
  const denied = await bob.newPage()
  await denied.goto(url + DENIED)
  await denied.getByText('not-in-project', { exact: true }).waitFor()
  const id = (await denied.locator('.facts dd code').last().textContent()) ?? ''
  const alice = await signedIn('alice')
  const startedAt = performance.now()
  const page = await alice.newPage()
  await page.goto(url)
  await page.getByRole('link', { name: 'Administration' }).click()
  await page.getByRole('link', { name: 'Why denied?' }).click()
  await page.getByLabel('Request ID').fill(id)
  await page.getByRole('button', { name: 'Look up' }).click()
  await page.getByText('bob is in no group of the project beta. Missing: the group project-beta.').waitFor()
  const took = performance.now() - startedAt
  assert.ok(took < ANSWERED_WITHIN_MS, `answered after ${Math.round(took)} ms`)
  await page.getByText('project-beta (read and write): missing').waitFor()
  await shots(page, 'why')
  const heard = await accessible(page)
  assert.match(heard, /heading: Denied: 403 not-in-project/)
  assert.match(heard, /textbox: Request ID/)
})

test('a workflow that may only read is denied, and an administrator reads which rule says so, on a phone as well', async () => {
  const claims = gitHubClaims({ iss: workflows.url, aud: url, now: Math.floor(Date.now() / 1000) })
  const denied = await fetch(`${url}/mlflow/alpha/api/2.0/mlflow/runs/create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await workflows.sign(claims)}`, 'content-type': 'application/json' },
    body: '{}',
  })
  assert.equal(denied.status, 403)
  const page = await (await signedIn('alice')).newPage()
  await page.goto(`${url}/auth/admin/why?id=${denied.headers.get('x-request-id')}`)
  await page.getByText(/^The rule read-alpha makes .* a viewer of the project alpha\./).waitFor()
  await shots(page, 'why-rule')
})

test('an administrator without scripts sees every page, and ends sessions after being asked', async () => {
  const [first, second] = [await signedInBrowser({ url }, 'bob'), await signedInBrowser({ url }, 'bob')]
  await first.fetch(`${url}/ops/`)
  await first.fetch(`${url}/airflow/api/v2/dags`)
  await first.fetch(`${url}/mlflow/alpha/`)
  const state = await (await signedIn('alice')).storageState()
  const context = await chrome.newContext({ javaScriptEnabled: false, storageState: state })
  const page = await context.newPage()
  await page.goto(`${url}/auth/admin`)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  for (const [link, heading, name] of [
    ['Overview', 'Overview', 'overview'],
    ['Sessions', 'Sessions', 'sessions'],
    ['Projects', 'Projects', 'projects'],
    ['Denials', 'Denials', 'denials'],
    ['Configuration', 'Configuration', 'configuration'],
    ['Reloads', 'Reloads', 'reloads'],
  ] as const) {
    await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: link }).click()
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    await shotsWithoutScript(page, name)
  }
  const statuses = async () =>
    (await Promise.all([first, second].map((each) => each.fetch(`${url}/auth/session`)))).map(({ status }) => status)
  await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Sessions' }).click()
  await page.getByRole('link', { name: 'End this session of bob' }).first().click()
  await shotsWithoutScript(page, 'end')
  await page.getByRole('link', { name: 'Cancel' }).click()
  assert.deepEqual(await statuses(), [200, 200])
  await page.getByRole('link', { name: 'End this session of bob' }).first().click()
  await page.getByRole('button', { name: 'End the session' }).click()
  await page.getByText('1 session ended.').waitFor()
  assert.deepEqual(await statuses(), [200, 401]) // newest first
  await page.getByRole('link', { name: 'End all of bob' }).first().click()
  await page.getByRole('button', { name: 'End the sessions' }).click()
  assert.deepEqual(await statuses(), [401, 401])
})

/** A page that runs no script cannot measure itself: another context with scripts does. */
async function shotsWithoutScript(page: Page, name: string): Promise<void> {
  const context = await chrome.newContext({ storageState: await page.context().storageState() })
  const measured = await context.newPage()
  await measured.goto(page.url())
  await shots(measured, name)
  await context.close()
}

test('a member finds no way to the console', async () => {
  const page = await (await signedIn('carol')).newPage()
  await page.goto(url)
  assert.equal(await page.getByRole('link', { name: 'Administration' }).count(), 0)
  await page.goto(`${url}/auth/admin`)
  await page.getByText('admin-only', { exact: true }).waitFor()
})

test('on the admin listener the token opens the same pages, until it is signed out', async () => {
  const page = await (await chrome.newContext({ javaScriptEnabled: false })).newPage()
  await page.goto(admin)
  await page.getByLabel('Administration token').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('This is not the administration token.').waitFor()
  await page.getByLabel('Administration token').fill(TOKEN)
  await shotsWithoutScript(page, 'token')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name: 'Sessions' }).click()
  await page.getByRole('link', { name: 'End all sessions' }).click()
  await page.getByRole('button', { name: 'End the sessions' }).click()
  await page.getByText('There are no sessions.').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.goto(`${admin}/console/sessions`)
  await page.getByLabel('Administration token').waitFor()
  const actors = new Set(
    logged.filter(({ event }) => event === 'administration').map(({ user, reason }) => user ?? reason),
  )
  assert.deepEqual([...actors].sort(), ['admin-token', 'alice'])
})
