import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { startGateway } from '../kit.ts'
import { startRecorder } from '../recorder.ts'

/** The start page and the page with commands to copy, as a person uses them. */
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'modelops-gateway-screenshots')
let url: string
let chrome: Browser
let page: Page
let close: () => Promise<unknown>

before(async () => {
  mkdirSync(SHOTS, { recursive: true })
  const port = await freePort()
  url = `http://localhost:${port}`
  const issuer = await startIssuer({ host: 'localhost', gatewayUrls: [url], oneClick: true })
  const upstream = await startRecorder()
  const gateway = await startGateway({
    port,
    host: 'localhost',
    issuerUrl: issuer.url,
    upstream: upstream.url,
    config: {
      issuer: { cliClientId: 'cli' },
      portal: { branding: { name: 'Acme machine learning', accent: '#8a1538' } },
    },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', upstream: 'http://127.0.0.1:1' },
      { name: 'airflow', app: 'airflow', path: '/airflow', access: 'member' },
      { name: 'core', app: 'core', path: '/core', access: 'member', upstream: 'http://127.0.0.1:2' },
    ],
  })
  chrome = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
  const context = await chrome.newContext({ viewport: { width: 1280, height: 800 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url })
  page = await context.newPage()
  close = async () => {
    await chrome.close()
    await gateway.close()
    await Promise.all([issuer.close(), upstream.close()])
  }
  await page.goto(url)
  await page.getByRole('button', { name: /dave/ }).click()
  await page.getByRole('heading', { name: /Hello/ }).waitFor()
})
after(() => close?.())

/** In both color schemes, wide and narrow. Nothing is wider than the window. */
async function shots(name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 800 })
      assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `${name} ${width}`)
      await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}-${width}.png`), fullPage: true })
    }
  await page.emulateMedia({ colorScheme: null })
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('the core API shows its address and its description, and is no link to open', async () => {
  const tile = page.locator('.tile', { hasText: 'Core API' })
  assert.equal(await tile.evaluate((element) => element.tagName), 'DIV')
  await tile.getByText(`${url}/core`).waitFor()
  assert.equal(await tile.getByRole('link').getAttribute('href'), `${url}/core/openapi.json`)
})

test('selecting a project leads on: what to open, and how to connect', async () => {
  await page.getByRole('button', { name: 'Work in alpha' }).click()
  await page.getByRole('heading', { name: 'You work in alpha' }).waitFor()
  const next = page.getByRole('region', { name: 'You work in alpha' })
  assert.deepEqual(await next.getByRole('link').allTextContents(), ['Open MLflow', 'Open Airflow', 'Connect'])
})

test('a tile says that its application did not respond, and that it did', async () => {
  await page.context().request.get(`${url}/mlflow/alpha/api/2.0/mlflow/experiments/search?max_results=1`)
  await page.context().request.get(`${url}/airflow/api/v2/dags`)
  await page.goto(url)
  await page.locator('.tile', { hasText: 'MLflow' }).getByText('Not responding').waitFor()
  await page.locator('.tile', { hasText: 'Airflow' }).getByText('Responding', { exact: true }).waitFor()
  assert.equal(await page.locator('.tile', { hasText: 'Core API' }).locator('.state').count(), 0)
  assert.equal(await page.title(), 'Start · Acme machine learning')
  await shots('portal')
})

test('each command of the connect page is copied with its button, also by keyboard', async () => {
  await page
    .locator('.next')
    .getByRole('link', { name: /Connect/ })
    .click()
  await page.getByRole('heading', { name: 'Connect to alpha' }).waitFor()
  assert.equal(page.url(), `${url}/auth/connect?project=${ALPHA}`)
  const blocks = await page.locator('.snippet pre').allTextContents()
  const buttons = page.getByRole('button', { name: /^Copy: / })
  assert.equal(await buttons.count(), blocks.length)
  await shots('connect')
  const variables = page.getByRole('button', { name: 'Copy: Variables for MLflow', exact: true })
  await variables.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('status').getByText('Variables for MLflow: copied').waitFor()
  const copied = await page.evaluate<string>('navigator.clipboard.readText()')
  assert.ok(blocks.includes(copied))
  assert.match(copied, new RegExp(`^export MLFLOW_TRACKING_URI=${url}/mlflow/alpha$`, 'm'))
})

test('where the browser does not permit copying, the command is selected', async () => {
  await page.context().clearPermissions()
  await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
  await page.getByRole('button', { name: 'Copy: Sign in' }).first().click()
  await page.getByRole('status').getByText('Sign in: selected').waitFor()
  assert.equal(
    await page.evaluate<string>('String(getSelection())'),
    await page.locator('.snippet pre').nth(1).textContent(),
  )
})

test('without scripts the commands are text, and there is no button that does nothing', async () => {
  const state = await page.context().storageState()
  const context = await chrome.newContext({ javaScriptEnabled: false, storageState: state })
  const plain = await context.newPage()
  await plain.goto(`${url}/auth/connect?project=${ALPHA}`)
  assert.ok((await plain.locator('.snippet pre').count()) > 4)
  assert.equal(await plain.getByRole('button', { name: /Copy/ }).count(), 0)
  await context.close()
})
