import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { startUi, type UiServer } from '../../infra/demo/ui-server.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { partsDirectory } from '../../infra/parts/directories.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { startWorld, type World } from './world.ts'

const PASSWORD = 'needle-in-the-browser'

describe('a user interface on one host, its API on another, one session', () => {
  let world: World
  let ui: UiServer
  let browser: Browser
  let page: Page
  let origin: { ui: string; api: string }
  const requests: { method: string; project: string | undefined }[] = []

  before(async () => {
    const [port, uiPort] = [await freePort(), await freePort()]
    origin = { ui: `http://ui.demo.localhost:${port}`, api: `http://api.demo.localhost:${port}` }
    ui = await startUi({ port: uiPort, api: origin.api, gateway: origin.api })
    world = await startWorld({
      port,
      publicUrl: origin.api,
      gateway: {
        cookie: { domain: '.demo.localhost' },
        cors: { allowedOrigins: [origin.ui] },
      },
      routes: [
        // Lets Node reach the gateway by its address: names below localhost resolve in browsers only.
        { name: 'keys', app: 'generic', host: `127.0.0.1:${port}`, path: '/none', access: 'admin' },
        { name: 'core', app: 'core', path: '/', access: 'member' },
        {
          name: 'ui',
          app: 'generic',
          host: `ui.demo.localhost:${port}`,
          path: '/',
          access: 'login',
          upstream: `http://127.0.0.1:${ui.port}`,
        },
      ],
    })
    browser = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
    page = await browser.newPage({ viewport: { width: 1000, height: 900 } })
    page.setDefaultTimeout(8000)
    page.on('request', (request) => {
      if (request.url().includes('/api/'))
        requests.push({ method: request.method(), project: request.headers()['aoa-project-id'] })
    })
  })
  after(async () => {
    await browser?.close()
    await world?.close()
    await ui?.close()
  })

  const picture = (name: string) => {
    const folder = partsDirectory('pictures')
    mkdirSync(folder, { recursive: true })
    return page.screenshot({ path: join(folder, `split-domains-${name}.png`), fullPage: true })
  }

  test('opening the user interface redirects to sign-in and back', async () => {
    await page.goto(origin.ui)
    await page.fill('input[name=username]', 'dave')
    await page.fill('input[name=password]', 'dave-pw')
    await page.press('input[name=password]', 'Enter')
    await page.waitForSelector('#work:not([hidden])')
    assert.equal(new URL(page.url()).origin, origin.ui)
    assert.deepEqual(await page.locator('#project option').allTextContents(), ['alpha', 'beta'])
    await picture('signed-in')
  })

  test('a connection is created and listed in the chosen project, with the project in a header', async () => {
    await page.selectOption('#project', { label: 'beta' })
    await page.selectOption('#project', { label: 'alpha' })
    await page.fill('#name', 'warehouse')
    await page.fill('#host', 'vantage.example')
    await page.fill('#username', 'td')
    await page.fill('#password', PASSWORD)
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.waitForSelector('td:has-text("warehouse")')
    assert.match((await page.textContent('#message')) ?? '', /warehouse was created/)
    assert.ok(requests.some(({ method, project }) => method === 'POST' && project === ALPHA))
    assert.ok(!(await page.content()).includes(PASSWORD))
    await page.selectOption('#project', { label: 'beta' })
    await page.waitForSelector('#caption:text("0 connections")')
    await page.selectOption('#project', { label: 'alpha' })
    await page.waitForSelector('td:has-text("warehouse")')
    await picture('created')
  })

  test('an error is shown with its field', async () => {
    await page.fill('#name', 'warehouse')
    await page.fill('#host', 'https://no.host/')
    await page.fill('#username', 'td')
    await page.fill('#password', 'x')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.waitForSelector('#message.error')
    assert.match((await page.textContent('#message')) ?? '', /metadata\.host: expected/)
  })

  test('every field has an accessible name, and the page announces what happens', async () => {
    for (const name of ['Project', 'Name', 'Host', 'User name', 'Password', 'Only for me'])
      assert.equal(await page.getByLabel(name, { exact: true }).count(), 1, name)
    assert.equal(await page.getByRole('button', { name: 'Delete warehouse' }).count(), 1)
    assert.equal(await page.locator('[aria-live=polite]').count(), 1)
  })

  test('another origin cannot read a response, and a preflight needs no session', async () => {
    const preflight = async (from: string) =>
      fetch(`http://127.0.0.1:${new URL(origin.api).port}/none`, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'aoa-project-id',
        },
      }).then(({ headers }) => headers.get('access-control-allow-origin'))
    assert.equal(await preflight('https://evil.example'), null)
    const read = await page.evaluate(
      (url) => fetch(url, { credentials: 'include' }).then(({ status }) => status),
      `${origin.api}/api/projects`,
    )
    assert.equal(read, 200)
  })

  test('without a session the page offers sign-in, and a denial is readable across origins', async () => {
    await page.context().clearCookies()
    await page.selectOption('#project', { label: 'beta' })
    await page.waitForSelector('#message a')
    assert.equal(await page.textContent('#message a'), 'Sign in')
    assert.ok((await page.getAttribute('#message a', 'href'))?.startsWith(`${origin.api}/auth/login?return_to=`))
    assert.equal(await page.locator('#rows tr').count(), 0, 'no row of the previous project stays')
    await picture('signed-out')
  })
})
