import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { startWorld, type World } from './world.ts'

/** Users with a real browser and a real MLflow. Screenshots are saved in the folder `SCREENSHOTS`. */

const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'modelops-gateway-screenshots')
let world: World

before(async () => {
  mkdirSync(SHOTS, { recursive: true })
  world = await startWorld()
})
after(() => world?.close())

/** A separate browser profile, closed at the end of the test. */
async function profile(t: { after(end: () => Promise<void>): void }, colorScheme: 'light' | 'dark' = 'light') {
  const context = await world.browser.newContext({ colorScheme, viewport: { width: 1280, height: 860 } })
  t.after(() => context.close())
  return context
}

async function signIn(context: BrowserContext, path: string, username: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(world.url + path)
  await page.getByRole('button', { name: new RegExp(`^${username}`) }).click()
  return page
}

const shot = (page: Page, name: string) => page.screenshot({ path: join(SHOTS, `${name}.png`) })

test('bob opens a link into an experiment, signs in and lands on it', async (t) => {
  const link = `/mlflow/#/experiments/${world.experiments.alpha}/runs`
  const page = await signIn(await profile(t), link, 'bob')
  await page.getByText('rate-0.1').first().waitFor()
  assert.equal(new URL(page.url()).origin, world.url)
  assert.ok(page.url().startsWith(world.url + link), page.url())
  await shot(page, 'mlflow-runs')
})

for (const [name, path] of [
  ['the selected project', '/mlflow/'],
  ['a path that names the project', `/mlflow/${ALPHA}/`],
] as const) {
  test(`bob sees alpha's experiments, and not beta's, through ${name}`, async (t) => {
    const page = await signIn(await profile(t), `${path}#/experiments`, 'bob')
    await page.getByText('alpha-price-model').first().waitFor()
    assert.equal(await page.getByText('beta-demand-model').count(), 0)
    await shot(page, `mlflow-experiments-${path === '/mlflow/' ? 'selected' : 'path'}`)
  })
}

test('a run shows its metrics and its artifact', async (t) => {
  const page = await signIn(await profile(t), `/mlflow/${ALPHA}/#/experiments/${world.experiments.alpha}/runs`, 'bob')
  await page.getByRole('link', { name: 'rate-0.1' }).first().click()
  await page.getByText('learning_rate').first().waitFor()
  await page.goto(`${page.url().split('?')[0]}/artifacts`)
  await page.getByText('model.json').first().click()
  await page.getByText('intercept').first().waitFor()
  assert.equal(await page.getByText('PERMISSION_DENIED').count(), 0, 'no denial is shown to a user who only reads')
  await shot(page, 'mlflow-artifact')
})

test('bob registers a model through the API of the page and finds it among the models', async (t) => {
  const page = await signIn(await profile(t), `/mlflow/${ALPHA}/#/models`, 'bob')
  await page
    .getByRole('heading', { name: /models/i })
    .first()
    .waitFor()
  const status = await page.evaluate(async () => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'alpha-prices' })
    return (await fetch('ajax-api/2.0/mlflow/registered-models/create', { method: 'POST', headers, body })).status
  })
  assert.equal(status, 200)
  await page.reload()
  await page.getByText('alpha-prices').first().waitFor()
  await page.goto(`${world.url}/mlflow/${ALPHA}/#/models/alpha-prices`)
  await page.getByRole('heading', { name: 'alpha-prices' }).first().waitFor()
})

for (const scheme of ['light', 'dark'] as const) {
  test(`bob gets the denial page for a link into beta (${scheme})`, async (t) => {
    const context = await profile(t, scheme)
    const page = await signIn(context, '/', 'bob')
    await page.getByText('Hello, Bob Example').waitFor()
    await shot(page, `portal-bob-${scheme}`)
    const response = await page.goto(`${world.url}/mlflow/${BETA}/`)
    assert.equal(response?.status(), 403)
    assert.ok(await page.getByText('not-in-project', { exact: true }).isVisible())
    await shot(page, `refusal-${scheme}`)
    await page.goto(`${world.url}/mlflow/#/experiments`)
    await page.getByText('alpha-price-model').first().waitFor()
    await shot(page, `mlflow-bob-${scheme}`)
  })
}

test('erin signs in and sees no project anywhere', async (t) => {
  const page = await signIn(await profile(t), '/mlflow/', 'erin')
  await page.getByText('You are not a member of any project').waitFor()
  await shot(page, 'erin')
  await page.goto(`${world.url}/`)
  await page.getByText('Member of no projects').waitFor()
  assert.equal(await page.getByRole('link', { name: /MLflow/ }).count(), 0)
})

for (const scheme of ['light', 'dark'] as const) {
  test(`alice chooses a project, works in it and switches to the other (${scheme})`, async (t) => {
    const page = await signIn(await profile(t, scheme), '/mlflow/', 'alice')
    await page.getByRole('heading', { name: 'Choose a project' }).waitFor()
    await shot(page, `chooser-${scheme}`)
    await page.getByRole('button', { name: 'Work in alpha' }).click()
    await page.waitForURL(`${world.url}/mlflow/**`)
    await page.goto(`${world.url}/mlflow/#/experiments`)
    await page.getByText('alpha-price-model').first().waitFor()
    await page.goto(`${world.url}/`)
    await shot(page, `portal-alice-${scheme}`)
    await page.getByRole('button', { name: 'Work in beta' }).click()
    await page.goto(`${world.url}/mlflow/#/experiments`)
    await page.getByText('beta-demand-model').first().waitFor()
    assert.equal(await page.getByText('alpha-price-model').count(), 0)
  })
}

test('after signing out the back button and an old cookie show nothing', async (t) => {
  const context = await profile(t)
  const page = await signIn(context, '/', 'bob')
  await page.getByText('Hello, Bob Example').waitFor()
  const oldCookies = await context.cookies(world.url)
  await page.getByRole('button', { name: 'Sign out' }).first().click()
  await page.getByText('You are signed out').waitFor()
  await shot(page, 'signed-out')
  await page.goBack()
  await page.reload()
  assert.equal(await page.getByText('Hello, Bob Example').count(), 0)
  await context.clearCookies()
  await context.addCookies(oldCookies.filter(({ name }) => name.startsWith('modelops_gateway')))
  await page.goto(`${world.url}/`)
  assert.equal(new URL(page.url()).origin, new URL(world.issuer.url).origin)
})

test('two tabs that sign in at the same time both reach their pages', async (t) => {
  const context = await profile(t)
  const [one, two] = [await context.newPage(), await context.newPage()]
  await one.goto(`${world.url}/mlflow/#/experiments`)
  await two.goto(`${world.url}/mlflow/#/models`)
  for (const page of [two, one]) await page.getByRole('button', { name: /^bob/ }).click()
  await one.waitForURL(`${world.url}/mlflow/#/experiments**`)
  await two.waitForURL(`${world.url}/mlflow/#/models**`)
})

test('after one sign-in a second application opens without a form', async (t) => {
  const page = await signIn(await profile(t), `/mlflow/#/experiments`, 'bob')
  await page.getByText('alpha-price-model').first().waitFor()
  const response = await page.goto(`${world.url}/lobby/version`)
  assert.equal(response?.status(), 200)
  assert.equal(page.url(), `${world.url}/lobby/version`)
})
