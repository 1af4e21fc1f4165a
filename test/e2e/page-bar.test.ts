import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { ALPHA } from '../../infra/issuer/users.ts'
import { accessible, pictures, untilAccessible } from '../accessible.ts'
import { startWorld, type World } from './world.ts'

/** The menu and the notice that the gateway adds to MLflow's own page. */
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'modelops-gateway-screenshots')
let world: World
let page: Page

before(async () => {
  mkdirSync(SHOTS, { recursive: true })
  world = await startWorld()
  page = await (await world.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
  await page.goto(`${world.url}/mlflow/${ALPHA}/`)
  await page.getByRole('button', { name: /bob/ }).click()
  await page.getByText('alpha-price-model').first().waitFor()
})
after(() => world.close())

const shots = (name: string) => pictures(page, SHOTS, name)
const until = (shown: RegExp) => untilAccessible(page, shown)

test('the page names the project and the role', async () => {
  await until(/Project alpha, editor: menu of the gateway/)
})

test('the menu opens by keyboard, leads to the other applications and the projects, and closes with Escape', async () => {
  await page.evaluate('document.activeElement?.blur()')
  for (let i = 0; i < 200; i += 1) {
    await page.keyboard.press('Shift+Tab')
    if (await page.evaluate("document.activeElement?.id === 'modelops-gateway'")) break
  }
  await page.keyboard.press('Enter')
  const open = await until(/link: Switch project/)
  for (const entry of ['Signed in as bob', 'link: Lobby', 'link: Start page', 'button: Sign out'])
    assert.ok(open.includes(entry), entry)
  await shots('page-bar-menu')
  await page.keyboard.press('Escape')
  assert.ok(!(await accessible(page)).includes('link: Switch project'))
})

test('the application’s own page is the same but for the script', async () => {
  const { headers } = await page
    .context()
    .request.get(`${world.url}/mlflow/`, { headers: { accept: 'text/html' } })
    .then((response) => ({ headers: response.headers() }))
  assert.match(headers['content-type'] ?? '', /text\/html/)
  const through = await (
    await page.context().request.get(`${world.url}/mlflow/${ALPHA}/`, { headers: { accept: 'text/html' } })
  ).text()
  const direct = await (await fetch(`${world.mlflow.url}/`)).text()
  assert.equal(through.replace('<script src="/auth/page-bar.js" defer></script>', ''), direct)
  assert.equal(through.split('page-bar.js').length, 2)
})

test('a program gets MLflow’s page unchanged', async () => {
  const body = await (
    await page.context().request.get(`${world.url}/mlflow/${ALPHA}/`, { headers: { accept: 'application/json' } })
  ).text()
  assert.ok(!body.includes('page-bar.js'))
})

test('a session that ends is said on the page, and signing in again returns to the same place', async () => {
  const place = `${world.url}/mlflow/${ALPHA}/#/experiments/${world.experiments.alpha}/runs`
  await page.goto(place)
  await until(/Project alpha/)
  const ended = await page.context().request.post(`${world.url}/auth/logout-everywhere`, {
    headers: { origin: world.url, accept: 'application/json', 'content-type': 'application/json' },
    data: {},
  })
  assert.equal(ended.status(), 200)
  // Whatever the application asks next is refused.
  await page.evaluate(() => fetch('/mlflow/ajax-api/2.0/mlflow/experiments/search?max_results=1'))
  const shown = await until(/dialog: Your session has ended/)
  assert.match(shown, /link: Sign in again/)
  assert.match(shown, /link: Sign in in a new tab/)
  await shots('page-bar-ended')
  await page.keyboard.press('Escape')
  assert.match(await accessible(page), /dialog: Your session has ended/)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /bob/ }).click()
  await page.getByText('alpha-price-model').first().waitFor()
  assert.ok(page.url().startsWith(place), page.url())
})
