import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { buildSite } from '../../infra/docs/site/build.ts'
import { serveSite } from '../../infra/docs/site/serve.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { PREVIOUS_RELEASE } from '../../infra/release/releases.ts'

/** The website as a reader uses it: two versions, built and served on loopback, in a real Chromium. */
const directory = mkdtempSync(join(tmpdir(), 'docs-site-'))
const AXE = 'infra/docs/site/node_modules/axe-core/axe.min.js'
const GUIDE = 'guides/deploy/forward-auth.html'
const PAGES = ['', 'tutorials/first-login.html', GUIDE, 'reference/configuration.html', 'adr/']

let url: string
let chrome: Browser
let page: Page
let close: () => void
/** Requests to other hosts, and what the content security policy or a script reported. */
const elsewhere: string[] = []
const complaints: string[] = []
let requests = 0

before(async () => {
  await buildSite({ directory, version: '0.1', base: '/', repository: undefined, from: PREVIOUS_RELEASE.commit })
  await buildSite({ directory, version: '0.2', base: '/', repository: 'https://forge.example/gateway/blob/main/PATH' })
  const server = await serveSite(directory)
  ;({ url, close } = server)
  chrome = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
  const context = await chrome.newContext({ viewport: { width: 1280, height: 800 } })
  context.on('request', (request) => {
    requests += 1
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) elsewhere.push(request.url())
  })
  page = await context.newPage()
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`))
})

after(async () => {
  await chrome?.close()
  close?.()
  rmSync(directory, { recursive: true, force: true })
})

async function open(path: string): Promise<void> {
  await page.goto(`${url}${path}`)
  await page.waitForFunction('document.querySelector("#app")?.__vue_app__ !== undefined')
}

test('the address of the website opens the latest version', async () => {
  for (const path of ['', 'latest/']) {
    await page.goto(`${url}${path}`)
    await page.waitForURL(`${url}0.2/`)
  }
  assert.deepEqual(JSON.parse(readFileSync(join(directory, 'versions.json'), 'utf8')), {
    latest: '0.2',
    versions: ['0.2', '0.1'],
  })
})

test('the version switch lists what was built, also in the older version, and stays on the page', async () => {
  await open(`0.2/${GUIDE}`)
  await page.locator('.VPNavBar .version-switch option').nth(1).waitFor({ state: 'attached' })
  await page.locator('.VPNavBar .version-switch').selectOption('0.1')
  await page.waitForURL(`${url}0.1/${GUIDE}`)
  const options = page.locator('.VPNavBar .version-switch option')
  await options.nth(1).waitFor({ state: 'attached' })
  assert.deepEqual(await options.allTextContents(), ['0.2', '0.1'])
})

test('a search for projectId finds a page, and its result leads there', async () => {
  await open('0.2/')
  await search()
  const result = page.locator('.VPLocalSearchBox .result').first()
  await result.click()
  await page.waitForFunction('document.querySelector(".VPLocalSearchBox") === null')
  assert.match(await page.locator('main').innerText(), /projectId/)
})

async function search(): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.locator('.VPLocalSearchBox input').fill('projectId')
  await page.locator('.VPLocalSearchBox .result').first().waitFor()
}

test('dark mode follows the system, and has a switch', async () => {
  const isDark = () => page.evaluate('document.documentElement.classList.contains("dark")')
  await page.emulateMedia({ colorScheme: 'dark' })
  await open('0.2/')
  assert.equal(await isDark(), true)
  await page.locator('.VPNavBar .VPSwitchAppearance').first().click()
  assert.equal(await isDark(), false)
  await page.evaluate('localStorage.clear()')
  await page.emulateMedia({ colorScheme: 'light' })
  await open('0.2/')
  assert.equal(await isDark(), false)
})

test('a link to a source file leads to the repository, or is plain text if its address is not known', async () => {
  const link = page.locator('a', { hasText: 'caddy/Caddyfile.forward-auth' })
  await open(`0.2/${GUIDE}`)
  assert.equal(
    await link.first().getAttribute('href'),
    'https://forge.example/gateway/blob/main/caddy/Caddyfile.forward-auth',
  )
  await open(`0.1/${GUIDE}`)
  assert.equal(await link.count(), 0)
})

for (const colorScheme of ['light', 'dark'] as const)
  for (const width of [1280, 390])
    test(`axe finds nothing serious: ${colorScheme}, ${width} px`, async () => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize({ width, height: 800 })
      for (const path of PAGES) {
        await open(`0.2/${path}`)
        await checkPage(`${path || 'home'}-${colorScheme}-${width}`)
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        assert.ok(Number(overflow) <= 0, `${path} is ${overflow} px wider than the window`)
      }
      await search()
      await checkPage(`search-${colorScheme}-${width}`)
      await page.keyboard.press('Escape')
    })

/** @throws AssertionError with the rules and elements that axe reports as serious or critical */
async function checkPage(name: string): Promise<void> {
  const shots = process.env.SCREENSHOTS
  if (shots !== undefined) await page.screenshot({ path: join(shots, `${name.replaceAll('/', '-')}.png`) })
  await page.evaluate(readFileSync(AXE, 'utf8'))
  const violations = (await page.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => html.slice(0, 200) + failureSummary) })))`,
  )) as { impact: string }[]
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  assert.deepEqual(serious, [], name)
}

test('a page asks no other host, and breaks no rule of its content security policy', async () => {
  for (const path of PAGES) await open(`0.2/${path}`)
  assert.deepEqual(elsewhere, [])
  assert.deepEqual(complaints, [])
  assert.ok(requests > 50, `recorded ${requests} requests`)
  // The recorder and the policy are real: a request elsewhere is stopped and reported.
  await page.evaluate('fetch("http://127.0.0.1:1/").catch(() => {})')
  await page.waitForTimeout(200)
  assert.match(complaints.join('\n'), /Content Security Policy/)
})
