import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { ALPHA, type Lab, startLab, type User } from './lab.ts'

/** MLflow's own pages in a real browser, below the gateway's path and the project's. */
let lab: Lab
let browser: Browser
/** The id of the experiment of the test: the project's default experiment may have the first. */
let ours: string

before(async () => {
  lab = await startLab()
  browser = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
  const bob = await lab.through('bob', ALPHA)
  const created = await bob.ask('POST /api/2.0/mlflow/experiments/create', { name: 'ours' })
  ours = created.pick('experiment_id')
  const run = { experiment_id: ours, run_name: 'first-light', user_id: 'carol' }
  await bob.ask('POST /api/2.0/mlflow/runs/create', run)
})
after(async () => {
  await browser.close()
  await lab.close()
})

interface Visit {
  readonly page: Page
  /** `status path` of every answer of 400 and above. */
  readonly refused: string[]
}
async function visit(user: User, hash: string): Promise<Visit> {
  const { headers, url } = await lab.through(user, ALPHA)
  const context = await browser.newContext({ extraHTTPHeaders: { authorization: headers.authorization ?? '' } })
  const page = await context.newPage()
  const refused: string[] = []
  page.on('response', (response) => {
    if (response.status() >= 400) refused.push(`${response.status()} ${new URL(response.url()).pathname}`)
  })
  await page.goto(`${url}/${ALPHA}/#${hash}`)
  return { page, refused }
}

test('the page shows the verified user, and offers no other workspace', async () => {
  const { page } = await visit('bob', '/experiments')
  await page.getByText('ours').first().waitFor()
  await page.getByText('bob').first().waitFor()
  assert.equal(await page.getByText('Workspaces', { exact: true }).count(), 0)
  assert.equal(await page.getByText('AI Gateway').count(), 0)
})

test('a run is shown as created by whoever was verified', async () => {
  const { page } = await visit('bob', `/experiments/${ours}/runs`)
  await page.getByText('first-light').first().waitFor()
  assert.equal(await page.getByText('carol').count(), 0)
})

test('a reader’s page loads with nothing refused but the assistant, which nobody gets', async () => {
  const { page, refused } = await visit('dave', `/experiments/${ours}/runs`)
  await page.getByText('first-light').first().waitFor()
  assert.deepEqual(
    refused.filter((each) => !/\/mlflow\/assistant\//.test(each)),
    [],
  )
})
