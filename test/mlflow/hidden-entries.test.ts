import assert from 'node:assert/strict'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { ensureMlflow, type Mlflow } from '../../infra/parts/mlflow.ts'
import { ensureRelease, MLFLOW_RELEASES, type MlflowRelease, startRelease } from '../../infra/parts/mlflow-release.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { HIDDEN_ENTRIES } from '../../src/gateway/apps/mlflow/hidden-entries.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { startGateway } from '../kit.ts'

/**
 * Entries of MLflow's pages that cannot work are not shown, in each release: bob is an editor in alpha, carol a viewer.
 * A release that renames an entry fails here; its page then shows the entry, and nothing else changes.
 */
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'modelops-gateway-screenshots')
const { hidden, hiddenFromMembers, hiddenFromViewers, storage } = HIDDEN_ENTRIES
let dir: string
let issuer: EmbeddedIssuer
let browser: Browser
let port: number
let url: string

before(async () => {
  mkdirSync(SHOTS, { recursive: true })
  dir = mkdtempSync(join(tmpdir(), 'hidden-entries-'))
  port = await freePort()
  url = `http://localhost:${port}`
  issuer = await startIssuer({ host: 'localhost', gatewayUrls: [url], oneClick: true })
  browser = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
})
after(async () => {
  await browser.close()
  await issuer.close()
  rmSync(dir, { recursive: true, force: true })
})

function serve(release: MlflowRelease, mlflow: Mlflow): Promise<RunningServer> {
  const project = { id: ALPHA, name: 'alpha', groups: ['project-alpha'], viewerGroups: ['project-beta'] }
  return startGateway({
    ...{ port, host: 'localhost', issuerUrl: issuer.url, upstream: mlflow.url },
    config: { projects: { source: 'static', list: [project] as never } },
    routes: [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project', mlflow: { version: release } }],
  })
}

async function signedIn(username: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()
  await page.goto(`${url}/mlflow/alpha/`)
  await page.getByRole('button', { name: new RegExp(username) }).click()
  await page.getByText('Recent Experiments').waitFor()
  return page
}

async function open(page: Page, hash: string, text: string): Promise<void> {
  await page.goto(`${url}/mlflow/alpha/#${hash}`)
  await page.getByText(text, { exact: true }).first().waitFor()
}

const visible = async (page: Page, selector: string) =>
  (await page.locator(selector).all()).reduce(
    async (count, each) => (await count) + Number(await each.isVisible()),
    Promise.resolve(0),
  )

/** It is in the page, so that the selector still means something, and nobody sees it. */
async function isHidden(page: Page, selector: string): Promise<void> {
  await page.locator(selector).first().waitFor({ state: 'attached' })
  await page.locator(selector).first().waitFor({ state: 'hidden' })
  assert.equal(await visible(page, selector), 0, selector)
}

async function scriptsOf(release: MlflowRelease): Promise<string> {
  const { PYTHONPATH: packages } = await ensureRelease(release)
  const [folder = ''] =
    packages === undefined ? globSync(join(await ensureMlflow(), 'lib/*/site-packages')) : [packages]
  const files = globSync(join(folder, 'mlflow/server/js/build/static/js/*.js'))
  assert.ok(files.length > 100, `${files.length} scripts in ${folder}`)
  return files.map((file) => readFileSync(file, 'utf8')).join('\n')
}

/** What a selector looks for: an id, the last part of an address, or the name of an attribute. */
const subjectOf = (selector: string) =>
  /="(?:#\/settings\/)?([^"]+)"\]\)?$/.exec(selector)?.[1] ?? selector.replace(/[[\]]/g, '')

for (const release of MLFLOW_RELEASES) {
  test(`${release}: each entry and each stored name exists`, async () => {
    const scripts = await scriptsOf(release)
    const names = Object.keys(storage).map((name) => name.replace(/_v1$/, ''))
    for (const name of [...[...hidden, ...hiddenFromMembers, ...hiddenFromViewers].map(subjectOf), ...names])
      assert.ok(scripts.includes(name), `${name} is not in MLflow ${release}`)
  })

  test(`${release}: an editor sees no entry that leads nowhere, and a viewer none that is denied`, async (t) => {
    const mlflow = await startRelease(release, { dir: join(dir, release) })
    const gateway = await serve(release, mlflow)
    t.after(async () => {
      await gateway.close()
      await mlflow.close()
    })
    const bob = await signedIn('bob')
    await isHidden(bob, 'div:has(> [data-component-id="mlflow.home.demo-banner.launch"])')
    await bob.getByText('Getting Started').first().waitFor()
    await bob.screenshot({ path: join(SHOTS, `mlflow-${release}-home.png`) })
    // On localhost MLflow offers the assistant to everybody, and opens it on the first visit.
    await isHidden(bob, '[data-assistant-ui]')
    assert.equal(await bob.locator('[data-component-id="mlflow.assistant.chat_panel.close"]').count(), 0)
    await open(bob, '/settings/general', 'Theme preference')
    await isHidden(bob, 'a[href*="#/settings/llm-connections"]')
    await isHidden(bob, 'a[href*="#/settings/webhooks"]')
    await isHidden(bob, 'div:has(> div > [data-component-id="mlflow.settings.demo.clear-all-button"])')
    await bob.getByText('Demo data', { exact: true }).waitFor({ state: 'hidden', timeout: 5000 })
    await bob.screenshot({ path: join(SHOTS, `mlflow-${release}-settings.png`) })
    await bob.getByRole('button', { name: 'Account menu for bob' }).click()
    await isHidden(bob, '[role="menu"]:has([data-component-id="mlflow.sidebar.account"])')
    await bob.keyboard.press('Escape')
    await open(bob, '/experiments', 'Default')
    assert.ok((await visible(bob, '[data-testid="create-experiment-button"]')) > 0, 'an editor creates experiments')

    const carol = await signedIn('carol')
    await open(carol, '/experiments', 'Default')
    await isHidden(carol, '[data-testid="create-experiment-button"]')
    await isHidden(carol, '[data-testid="delete-experiments-button"]')
    await isHidden(carol, '[data-component-id="mlflow.experiment.list.tag.add"]')
    await carol.screenshot({ path: join(SHOTS, `mlflow-${release}-viewer.png`) })
    await open(carol, '/models', 'Registered Models')
    await isHidden(carol, '[data-testid="create-model-button"]')
    await open(carol, '/prompts', 'Prompts')
    await isHidden(carol, '[data-testid="create-prompt-empty-state-button"]')

    const alice = await signedIn('alice')
    await open(alice, '/settings/general', 'Theme preference')
    for (const selector of hiddenFromMembers) assert.ok((await visible(alice, selector)) > 0, `${selector} for alice`)
    for (const page of [alice, bob, carol]) await page.context().close()
  })
}
