import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { partsDirectory } from '../../infra/parts/directories.ts'

export async function openChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
}

/** Fills in the issuer's form, which the page must show. */
export async function fillLoginForm(page: Page, username: string): Promise<void> {
  await page.fill('input[name=username]', username)
  await page.fill('input[name=password]', `${username}-pw`)
  await page.click('button.main')
}

/** Counts the issuer's forms that a page shows from now on. */
export function countLoginForms(page: Page, issuer: string): () => number {
  let forms = 0
  page.on('response', (response) => {
    if (response.url().startsWith(`${issuer}/interaction/`) && response.request().method() === 'GET') forms += 1
  })
  return () => forms
}

/** Keeps a picture of the page below `.parts/screenshots/airflow`. */
export async function picture(page: Page, name: string): Promise<void> {
  const directory = partsDirectory('screenshots', 'airflow')
  mkdirSync(directory, { recursive: true })
  await page.screenshot({ path: join(directory, `${name}.png`) })
}
