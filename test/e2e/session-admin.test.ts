import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Dialog, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { partsDirectory } from '../../infra/parts/directories.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'

/** The session administration of the admin listener, in a real browser. */
const TOKEN = 'the-token-of-the-administrators'
let kit: Kit
let chrome: Browser
let admin: string

before(async () => {
  const port = await freePort()
  admin = `http://127.0.0.1:${port}`
  const adminTokenHash = createHash('sha256').update(TOKEN).digest('hex')
  kit = await startKit({ config: { server: { adminListen: `127.0.0.1:${port}`, adminTokenHash } } })
  chrome = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
})
after(async () => {
  await chrome?.close()
  await kit?.close()
})

async function openPage(token: string): Promise<Page> {
  const page = await chrome.newPage()
  await page.goto(`${admin}/`)
  await page.fill('#token', token)
  await page.click('text=Show sessions')
  return page
}

test('an administrator sees who is signed in, ends one session, then all of a user, then all', async () => {
  const [first, second, carol] = [
    await signedInBrowser(kit, 'bob'),
    await signedInBrowser(kit, 'bob'),
    await signedInBrowser(kit, 'carol'),
  ]
  const statuses = async () => {
    const requests = [first, second, carol].map((browser) => browser.fetch(`${kit.url}/auth/session`))
    return (await Promise.all(requests)).map(({ status }) => status)
  }
  const page = await openPage(TOKEN)
  await page.waitForSelector('text=1 to 3 of 3 sessions')
  const screenshots = partsDirectory('screenshots', 'session-admin')
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, 'sessions.png') })
  await page.setViewportSize({ width: 390, height: 800 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.screenshot({ path: join(screenshots, 'sessions-dark-390.png') })
  // A question first: to dismiss it ends nothing.
  page.once('dialog', (dialog) => dialog.dismiss())
  const end = page.locator('li', { hasText: 'bob' }).first().getByRole('button', { name: 'End', exact: true })
  await end.click()
  assert.deepEqual(await statuses(), [200, 200, 200])
  const questions: string[] = []
  const accept = (dialog: Dialog) => {
    questions.push(dialog.message())
    return dialog.accept()
  }
  page.on('dialog', accept)
  await end.click()
  await page.waitForSelector('text=1 to 2 of 2 sessions')
  assert.deepEqual(await statuses(), [200, 401, 200]) // newest first
  await page.click('text=End all sessions of bob')
  await page.waitForSelector('text=1 to 1 of 1 sessions')
  assert.deepEqual(await statuses(), [401, 401, 200])
  await page.getByRole('button', { name: 'End all sessions', exact: true }).click()
  await page.waitForSelector('text=No active sessions.')
  assert.deepEqual(await statuses(), [401, 401, 401])
  assert.deepEqual(questions, [
    'End this session of bob?',
    'End all sessions of bob?',
    'End all sessions of all users?',
  ])
  const ends = kit.logged.filter(({ event }) => event === 'session-ended-by-admin')
  assert.equal(ends.length, 3)
})

test('an administrator searches by user, and reads where and with what somebody signed in', async () => {
  await signedInBrowser(kit, 'bob')
  await signedInBrowser(kit, 'carol')
  const page = await openPage(TOKEN)
  await page.fill('#search', 'carol')
  await page.keyboard.press('Enter')
  await page.waitForSelector('text=1 to 1 of 1 sessions')
  assert.match((await page.locator('li').textContent()) ?? '', /^carol.*, from 127\.0\.0\.1/)
  await page.fill('#search', 'nobody')
  await page.keyboard.press('Enter')
  await page.waitForSelector('text=No session matches.')
})

test('a wrong token shows no session', async () => {
  await signedInBrowser(kit, 'bob')
  const page = await openPage('wrong')
  await page.waitForSelector('text=token-invalid')
  assert.equal(await page.locator('li').count(), 0)
})
