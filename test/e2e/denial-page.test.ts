import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { pictures } from '../accessible.ts'
import { startGateway } from '../kit.ts'
import { startRecorder } from '../recorder.ts'

/** The page of a denial, as a person uses it: with and without scripts, with and without the right to copy. */
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'modelops-gateway-screenshots')
let url: string
let chrome: Browser
let close: () => Promise<unknown>

before(
  async () => {
    mkdirSync(SHOTS, { recursive: true })
    const port = await freePort()
    url = `http://localhost:${port}`
    const issuer = await startIssuer({ host: 'localhost', gatewayUrls: [url], oneClick: true })
    const upstream = await startRecorder()
    const list = [
      { id: ALPHA, name: 'alpha', groups: ['team-alpha', 'leads'], viewerGroups: ['project-alpha'] },
      { id: BETA, name: 'beta', groups: ['project-beta'] },
    ]
    const gateway = await startGateway({
      ...{ port, host: 'localhost', issuerUrl: issuer.url, upstream: upstream.url },
      config: { projects: { source: 'static', list } },
      routes: [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' }],
    })
    chrome = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
    close = async () => {
      await chrome.close()
      await gateway.close()
      await Promise.all([issuer.close(), upstream.close()])
    }
  },
  { timeout: 240_000 },
)
after(() => close?.())

/** bob, at the page of a project that is not his. */
async function deniedPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${url}/mlflow/${BETA}/?secret=1`)
  await page.getByRole('button', { name: /bob/ }).click()
  await page.getByRole('heading', { name: /does not exist, or you are not a member/ }).waitFor()
  return page
}

const DETAILS = new RegExp(
  `^Time: \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\\nRequest ID: [0-9a-f-]{36}\\nReason: not-in-project \\(403\\)\\n` +
    `Request: GET /mlflow/${BETA}/\\nProject: ${BETA}\\nUser: bob$`,
)

test('the button copies the details and says so; the page looks right in both color schemes, wide and narrow', async () => {
  const context = await chrome.newContext({ viewport: { width: 1280, height: 800 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: url })
  const page = await deniedPage(context)
  const refused: string[] = []
  page.on('console', (message) => void (message.type() === 'error' && refused.push(message.text())))
  await pictures(page, SHOTS, 'denied')
  await page.getByRole('button', { name: 'Copy details for your administrator' }).click()
  await page.getByRole('status').getByText('Copied').waitFor({ state: 'attached' })
  await page.getByRole('button', { name: /^Copied/ }).waitFor()
  assert.match(String(await page.evaluate('navigator.clipboard.readText()')), DETAILS)
  await page.locator('summary').click()
  await pictures(page, SHOTS, 'denied-details')
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 })
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, String(width))
  }
  assert.deepEqual(refused, [], 'the policy of the page permits everything that it does')
  await context.close()
})

test('where the browser does not permit to copy, the details are selected instead', async () => {
  const context = await chrome.newContext()
  await context.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })')
  const page = await deniedPage(context)
  await page.getByRole('button', { name: 'Copy details for your administrator' }).click()
  await page.getByRole('button', { name: /^Selected/ }).waitFor()
  assert.match(String(await page.evaluate('getSelection().toString()')).trim(), DETAILS)
  await context.close()
})

test('without scripts the details are text that opens and can be selected, and no button does nothing', async () => {
  const context = await chrome.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } })
  const page = await deniedPage(context)
  assert.equal(await page.getByRole('button', { name: /Copy/ }).count(), 0)
  await page.getByText('Details for your administrator').first().click()
  const details = page.getByRole('region', { name: 'Details for your administrator' })
  await details.waitFor()
  assert.match((await details.textContent()) ?? '', DETAILS)
  await context.close()
})

test('a viewer who may not write is told the groups of the editors', async () => {
  const context = await chrome.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await deniedPage(context)
  // A form of a page of ours, as an application's page would send it.
  await page.goto(`${url}/`)
  const action = `/mlflow/${ALPHA}/ajax-api/2.0/mlflow/experiments/delete`
  await page.evaluate(
    `document.body.insertAdjacentHTML('beforeend', '<form id=f method=post action="${action}"></form>')`,
  )
  await page.evaluate('document.getElementById("f").submit()')
  await page.getByText('Editors of alpha are members of one of these groups: team-alpha, leads.').waitFor()
  await pictures(page, SHOTS, 'denied-viewer')
  await context.close()
})
