import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { Album, LARGEST } from '../pictures/album.ts'
import { type Demo, startDemo } from '../pictures/demo.ts'
import { committedFilm, makeFilm, measured, type Scene } from '../pictures/film.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { CHROMIUM_FLAGS } from './world.ts'

/** The tutorial as a reader does it, in `npm run demo`. It makes the pictures of the documentation and the film of the README. */
const tutorial = readFileSync(join(checkout, 'docs', 'tutorials', 'first-login.md'), 'utf8')
const album = new Album()
const scenes: Scene[] = []
let demo: Demo
let browser: Browser
let bob: Page
/** The request ID of bob's denied page. */
let deniedId: string

before(
  async () => {
    demo = await startDemo()
    browser = await chromium.launch({ executablePath: await ensureChromium(), args: CHROMIUM_FLAGS })
  },
  { timeout: 240_000 },
)
after(async () => {
  await browser?.close()
  await demo?.close()
})

const newContext = (): Promise<BrowserContext> =>
  browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    timezoneId: 'UTC',
    deviceScaleFactor: 1,
  })

/** What the address bar of a film says: neither the scheme nor long queries and IDs. */
const shown = (page: Page) =>
  page
    .url()
    .replace(/^https?:\/\//, '')
    .replace(/\?.*|(?<=\/interaction\/).*/, '…')

async function scene(
  page: Page,
  caption: string,
  seconds: number,
  picture?: Buffer,
  address = shown(page),
): Promise<void> {
  scenes.push({ picture: picture ?? (await page.screenshot({ animations: 'disabled' })), address, caption, seconds })
}

async function signIn(page: Page, username: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${username}`) }).click()
}

test('step 2: bob opens MLflow, signs in once, and sees the runs of his project', async () => {
  bob = await (await newContext()).newPage()
  await bob.goto(`${demo.url}/mlflow/`)
  await bob.getByRole('heading', { name: 'Sign in' }).waitFor()
  await scene(bob, 'Bob opens MLflow and signs in once', 2.5, await album.take(bob, 'page-sign-in'))
  await signIn(bob, 'bob')
  await bob.getByRole('link', { name: 'alpha-price-model' }).waitFor()
  assert.equal(await bob.getByText('beta-demand-model').count(), 0)
  await bob.goto(`${demo.url}/mlflow/alpha/#/experiments/1/runs`)
  await bob.getByRole('link', { name: 'rate-0.05' }).waitFor()
  await bob.getByText('matching runs').waitFor()
  await settled(bob)
  await scene(bob, 'MLflow shows the runs of his project, alpha', 3, await album.take(bob, 'page-mlflow'))
})

/** Waits until nothing of the page moves: MLflow lays out its table after it has loaded. */
async function settled(page: Page): Promise<void> {
  for (let last = ''; ; ) {
    const now = await page.locator('body').ariaSnapshot()
    if (now === last) return
    last = now
    await page.waitForTimeout(500)
  }
}

test('step 3: the start page, and another application without another sign-in', async () => {
  await bob.goto(`${demo.url}/`)
  await bob.getByRole('heading', { name: 'Hello, Bob Example' }).waitFor()
  await album.take(bob, 'page-portal')
  await album.take(bob, 'page-portal-dark', { colorScheme: 'dark' })
  await bob.emulateMedia({ colorScheme: 'light' })
  await bob.getByRole('link', { name: /^Connections/ }).click()
  await bob.getByText('0 connections').waitFor()
  await scene(bob, 'Another application: no second sign-in', 2.5)
})

test('step 4: a link into another project shows a denial with its reason', async () => {
  const response = await bob.goto(`${demo.url}/mlflow/beta/`)
  assert.equal(response?.status(), 403)
  deniedId = response?.headers()['x-request-id'] ?? ''
  await bob.getByText('not-in-project', { exact: true }).waitFor()
  await bob.getByText(deniedId).first().waitFor()
  await scene(bob, 'A link into project beta is denied, with the reason', 3, await album.take(bob, 'page-denied'))
  await album.take(bob, 'page-denied-dark', { colorScheme: 'dark' })
})

test('step 5: an administrator reads from the request ID which group is missing', async () => {
  const alice = await (await newContext()).newPage()
  await alice.goto(`${demo.url}/auth/admin`)
  await signIn(alice, 'alice')
  await alice.getByRole('link', { name: 'Why denied?' }).click()
  await alice.getByLabel('Request ID').fill(deniedId)
  await alice.getByRole('button', { name: 'Look up' }).click()
  await alice.getByText('Missing: the group project-beta.').waitFor()
  await album.take(alice, 'console-why', { height: 1080 })
  await alice.setViewportSize({ width: 1280, height: 800 })
  await alice.evaluate('scrollTo(0, 300)')
  await scene(alice, 'Alice sees which group Bob lacks', 3, undefined, shown(alice))
  await alice.context().close()
})

test('step 6: bob signs out; dave, a member of two projects, chooses one', async () => {
  await bob.goto(`${demo.url}/`)
  await bob.getByRole('button', { name: 'Sign out', exact: true }).click()
  await bob
    .getByText(/signed out/i)
    .first()
    .waitFor()
  await bob.goto(`${demo.url}/mlflow/`)
  await bob.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn(bob, 'dave')
  await bob.getByRole('heading', { name: /Choose a project/ }).waitFor()
  await album.take(bob, 'page-choose-project')
  await bob.getByRole('button', { name: /alpha/ }).click()
  await bob.getByRole('link', { name: 'alpha-price-model' }).waitFor()
})

test('step 7: the script of the tutorial logs a run with a token, and dave sees it', async () => {
  const [script = ''] = codeBlocks(tutorial, 'python')
  writeFileSync(join(demo.directory, 'train.py'), script)
  const printed = await shell([1, 2])
  assert.match(printed, /View run my-first-run at/)
  await bob.goto(`${demo.url}/mlflow/alpha/#/experiments/1/runs`)
  await bob.getByRole('link', { name: 'my-first-run' }).waitFor()
})

test('step 8: the token of another project’s request gets a denial as JSON, which the log explains', async () => {
  const denial = JSON.parse(await shell([1, 3]))
  const [documented = '{}'] = codeBlocks(tutorial, 'json')
  assert.deepEqual({ ...JSON.parse(documented), request_id: denial.request_id }, denial)
  await bob.waitForTimeout(1000) // the log is written in batches
  const [, line = '{}'] = codeBlocks(tutorial, 'json')
  const logged = JSON.parse(await shell([4]))
  assert.deepEqual(Object.keys(JSON.parse(line)), Object.keys(logged))
  assert.equal(logged.request_id, denial.request_id)
})

test('every command of the tutorial was run', () => {
  assert.equal(codeBlocks(tutorial, 'sh').length, 5)
  assert.equal(codeBlocks(tutorial, 'python').length, 1)
})

/** Runs some blocks of commands of the tutorial, one after the other in one shell. @returns what they print */
async function shell(blocks: readonly number[]): Promise<string> {
  const all = codeBlocks(tutorial, 'sh')
  const commands = blocks.map((block) => demo.localize(all[block] ?? assert.fail(`no block ${block}`))).join('\n')
  const { stdout } = await promisify(execFile)('sh', ['-ec', commands], { cwd: checkout })
  return stdout
}

test('the film of the README shows these pages, in a time in which one can read it', async () => {
  const { film, still } = await makeFilm(browser, scenes)
  for (const each of [film, committedFilm() ?? assert.fail('npm run docs:screenshots makes docs/pictures/film.webp')]) {
    const { scenes: count, seconds } = await measured(each)
    assert.equal(count, scenes.length)
    assert.ok(seconds >= 10 && seconds <= 15, `${seconds} s`)
    assert.ok(each.length < 1_500_000, `${each.length} bytes`)
  }
  assert.ok(still.length < LARGEST, `${still.length} bytes`)
})
