import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { ALPHA } from '../../infra/issuer/users.ts'
import { partsDirectory } from '../../infra/parts/directories.ts'
import { accessible, pictures, untilAccessible } from '../accessible.ts'
import { fillLoginForm, openChromium, PAGE_MS } from './chromium.ts'
import type { World } from './kit.ts'

const SHOTS = partsDirectory('screenshots', 'airflow')
/** Where the auth manager names the project if the page bar does not. */
const LABEL = `getComputedStyle(document.body, '::after').content`

/** What the gateway and the auth manager add to Airflow's own pages, in a real browser. */
export function pageSuite(world: () => World): void {
  let browser: Browser
  before(async () => {
    mkdirSync(SHOTS, { recursive: true })
    browser = await openChromium()
  })
  after(() => browser?.close())

  async function openAs(username: string, path = '/dags'): Promise<Page> {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
    page.setDefaultTimeout(PAGE_MS)
    await page.goto(`${world().url}/airflow${path}`)
    await fillLoginForm(page, username)
    await page.getByText('alpha_daily').first().waitFor()
    return page
  }

  /** As on the gateway's own page. */
  const select = (page: Page, project: string) =>
    page.evaluate(
      `fetch('/auth/project', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"project":"${project}"}' })`,
    )

  /** In this browser alone, at the gateway and at the issuer. */
  const endSession = (page: Page) => page.context().clearCookies()

  test('Airflow’s pages name the selected project, and leave out what is always denied', async () => {
    const page = await openAs('dave')
    await untilAccessible(page, /Project All projects/)
    await select(page, ALPHA)
    await page.goto(`${world().url}/airflow/dags`)
    await page.getByText('alpha_daily').first().waitFor()
    await untilAccessible(page, /Project alpha, editor/)
    assert.equal(await page.evaluate(LABEL), 'none', 'the page bar names it')
    await pictures(page, SHOTS, 'dave-narrowed')
    await page.getByRole('button', { name: 'User' }).first().click()
    const tokenItem = page.locator('[data-value="generateToken"]')
    await tokenItem.waitFor({ state: 'attached' })
    assert.equal(await tokenItem.isVisible(), false)
  })

  test('without the page bar, a label names the selected project', async () => {
    const page = await openAs('dave')
    assert.equal(await page.evaluate(LABEL), 'none', 'no project is selected')
    await select(page, ALPHA)
    await page.route('**/auth/page-bar.js', (route) => route.abort())
    await page.goto(`${world().url}/airflow/dags`)
    await page.getByText('alpha_daily').first().waitFor()
    assert.equal(await page.evaluate(LABEL), '"Project alpha"')
    await pictures(page, SHOTS, 'dave-narrowed-without-bar')
  })

  test('the page bar covers nothing that Airflow’s pages need', async () => {
    const page = await openAs('bob')
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 })
      await untilAccessible(page, /Project alpha, editor/)
      const covered = (await page.evaluate(COVERED)) as string[]
      assert.deepEqual(covered, [], `${width} pixels wide`)
    }
  })

  test('a session that has ended is announced on the page, and a new sign-in returns to it', async () => {
    const page = await openAs('bob', '/dags/alpha_daily')
    await untilAccessible(page, /Project alpha, editor/)
    const place = page.url()
    // A quiet page: while Airflow requests nothing, nobody tells it that the session has ended.
    await page.route(/\/airflow\//, () => undefined)
    await endSession(page)
    // The person comes back to the page.
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
    const shown = await untilAccessible(page, /dialog: Your session has ended/)
    assert.match(shown, /link: Sign in again/)
    await pictures(page, SHOTS, 'session-ended')
    await page.keyboard.press('Escape')
    assert.match(await accessible(page), /dialog: Your session has ended/)
    await page.unroute(/\/airflow\//)
    await page.keyboard.press('Enter')
    await fillLoginForm(page, 'bob')
    await page.getByText('alpha_daily').first().waitFor()
    assert.equal(page.url(), place)
  })

  test('a page that Airflow itself leaves after a 401 returns to the same place', async () => {
    const page = await openAs('bob', '/dags/alpha_daily')
    const place = page.url()
    await endSession(page)
    // The click makes a request. Airflow's own next request may be faster; then there is nothing left to click on.
    const runs = page.getByRole('tab', { name: 'Runs' }).or(page.getByRole('link', { name: 'Runs' }))
    void runs
      .first()
      .click()
      .catch(() => undefined)
    await fillLoginForm(page, 'bob')
    await page.getByText('alpha_daily').first().waitFor()
    assert.ok(page.url().startsWith(place), page.url())
  })
}

/** The controls of Airflow's page whose middle stays under the page bar, however far a person scrolls. */
const COVERED = `[...document.querySelectorAll('a, button, input, [role=button], [role=tab]')]
  .filter((each) => {
    each.scrollIntoView({ block: 'center' })
    const { x, y, width, height } = each.getBoundingClientRect()
    return document.elementFromPoint(x + width / 2, y + height / 2)?.id === 'modelops-gateway'
  })
  .map((each) => each.outerHTML.slice(0, 200))`
