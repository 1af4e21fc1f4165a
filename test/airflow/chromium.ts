import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { partsDirectory } from '../../infra/parts/directories.ts'

/** How long a page of Airflow may take, ms: the first one compiles its user interface, on a machine that other tests share. */
export const PAGE_MS = 90_000

export async function openChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
}

/** Fills in the issuer's form, which the page must show. */
export async function fillLoginForm(page: Page, username: string): Promise<void> {
  await page.fill('input[name=username]', username)
  await page.fill('input[name=password]', `${username}-pw`)
  await page.press('input[name=password]', 'Enter')
}

/** Counts the pages of the issuer that a person has to do something on, from now on. */
export function countIssuerPages(page: Page, issuer: string): () => number {
  const { origin } = new URL(issuer)
  let pages = 0
  page.on('response', (response) => {
    const shown = response.request().isNavigationRequest() && response.status() === 200
    if (shown && new URL(response.url()).origin === origin) pages += 1
  })
  return () => pages
}

/** Keeps a picture of the page below `.parts/screenshots/airflow`. */
export async function picture(page: Page, name: string): Promise<void> {
  const directory = partsDirectory('screenshots', 'airflow')
  mkdirSync(directory, { recursive: true })
  await page.screenshot({ path: join(directory, `${name}.png`) })
}
