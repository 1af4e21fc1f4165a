import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { ALPHA } from '../../infra/issuer/users.ts'
import { pictures, untilAccessible } from '../accessible.ts'
import { startWorld, type World } from './world.ts'

/** A step-up as people see it: the notice on MLflow's own page, the page after a sign-in that is not enough, and the way back. */
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'modelops-gateway-screenshots')
let world: World
let page: Page
let place: string

before(async () => {
  mkdirSync(SHOTS, { recursive: true })
  world = await startWorld({
    issuer: { levels: ['silver', 'gold'], oneClick: false },
    routes: [{ name: 'vault', app: 'generic', path: '/vault', access: 'login', acr: ['gold'] }],
  })
  place = `${world.url}/mlflow/${ALPHA}/#/experiments/${world.experiments.alpha}/runs`
  page = await (await world.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
})
after(() => world?.close())

/** Fills in the issuer's form. */
async function authenticate(level: string): Promise<void> {
  await page.getByLabel('User name').fill('bob')
  await page.getByLabel('Password').fill('bob-pw')
  await page.getByLabel('Authentication level').selectOption(level)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

const askVault = (): Promise<number> => page.evaluate(async () => (await fetch('/vault/keys')).status)

test('a script of MLflow’s page that needs more makes a notice, not a redirect', async () => {
  await page.goto(place)
  await authenticate('silver')
  await untilAccessible(page, /Project alpha, editor: menu of the gateway/)
  assert.equal(await askVault(), 401)
  const shown = await untilAccessible(page, /link: Confirm who you are/)
  assert.match(shown, /heading: This needs a stronger or more recent sign-in/)
  assert.equal(page.url(), place)
  await pictures(page, SHOTS, 'step-up-notice')
})

test('a sign-in that is not enough ends at a page that says what is missing', async () => {
  await page.keyboard.press('Enter') // the link has the focus
  await page.waitForURL(/\/interaction\//)
  await authenticate('silver')
  await page.locator('#level').waitFor()
  assert.equal(await page.locator('#level').textContent(), 'Required authentication level (acr): gold. Yours: silver.')
  await pictures(page, SHOTS, 'step-up-failed')
})

test('the link of that page leads to the level, and back to the place with its fragment', async () => {
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.waitForURL(/\/interaction\//)
  await authenticate('gold')
  await page.waitForURL(place)
  await untilAccessible(page, /Project alpha, editor: menu of the gateway/)
  assert.equal(await askVault(), 200)
})

test('a form that is sent to a route which demands more gets a page with the way to the issuer', async () => {
  page = await (await world.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
  await page.goto(`${world.url}/lobby/`)
  await authenticate('silver')
  await page.waitForURL(`${world.url}/lobby/`)
  await page.setContent('<form method="post" action="/vault/keys"><button>Send</button></form>')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('heading', { name: 'You must confirm who you are.' }).waitFor()
  await pictures(page, SHOTS, 'step-up-required')
  const href = await page.getByRole('link', { name: 'Sign in' }).getAttribute('href')
  assert.match(href ?? '', /\/auth\/login\?return_to=%2Fvault%2Fkeys&step_up=vault$/)
})
