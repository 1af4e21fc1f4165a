import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { CASES } from '../../src/cli/selftest/all-cases.ts'
import type { Status } from '../../src/cli/selftest/case.ts'
import { asHtml } from '../../src/cli/selftest/report/html.ts'

/** The HTML report of selftest as a reviewer opens it: a file in a real Chromium. It is in this tier because axe is. */
const AXE = 'infra/docs/site/node_modules/axe-core/axe.min.js'
const STATUSES: readonly Status[] = ['pass', 'fail', 'warning', 'not run']
const HOSTILE = '</dd><script>document.title="broken"</script><img src="https://elsewhere.example/">'

const directory = mkdtempSync(join(tmpdir(), 'selftest-report-'))
const file = join(directory, 'report.html')
let chrome: Browser
let page: Page
const elsewhere: string[] = []
const complaints: string[] = []

before(async () => {
  // Every case, with each status, a very long word, and markup of a hostile server.
  const results = CASES.map(({ run, missing, ...texts }, index) => ({
    case: texts,
    verdict: {
      status: STATUSES[index % STATUSES.length] ?? 'pass',
      detail: `/${'%252e'.repeat(60)}: status ${index} ${HOSTILE}`,
    },
  }))
  const origin = 'https://mlflow.example.com'
  writeFileSync(file, asHtml({ origin, startedAt: new Date(0), seconds: 9, version: '0.2.0', exitCode: 1, results }))
  chrome = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
  page = await chrome.newPage()
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) elsewhere.push(request.url())
  })
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
})
after(async () => {
  await chrome?.close()
  rmSync(directory, { recursive: true })
})

for (const colorScheme of ['light', 'dark'] as const)
  for (const width of [1280, 390])
    test(`axe finds nothing, and nothing is wider than the window: ${colorScheme}, ${width} px`, async () => {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 800 })
      await page.goto(pathToFileURL(file).href)
      const shots = process.env.SCREENSHOTS
      if (shots !== undefined) await page.screenshot({ path: join(shots, `selftest-${colorScheme}-${width}.png`) })
      await page.evaluate(readFileSync(AXE, 'utf8'))
      const found = await page.evaluate(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]))`,
      )
      assert.deepEqual(found, [])
      assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0)
    })

test('markup of a server is text, nothing is requested, and the policy of the page stops no style of its own', async () => {
  await page.goto(pathToFileURL(file).href)
  assert.match(await page.title(), /^Selftest of https:\/\/mlflow\.example\.com/)
  assert.equal(await page.locator('script, img').count(), 0)
  assert.equal(await page.locator('article').count(), CASES.length)
  assert.deepEqual([elsewhere, complaints], [[], []])
  const width = await page.evaluate('getComputedStyle(document.querySelector("article")).borderLeftWidth')
  assert.notEqual(width, '0px')
})

test('sections can be reached by the links at the top', async () => {
  await page.goto(pathToFileURL(file).href)
  await page.getByRole('link', { name: 'TLS' }).click()
  assert.match(page.url(), /#tls$/)
  assert.ok(await page.getByRole('heading', { name: 'TLS', exact: true }).isVisible())
})
