import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { partsDirectory } from '../../infra/parts/directories.ts'

/** Pictures of every page, to be looked at. */
const PICTURES = partsDirectory('screenshots', 'first-hour')

/** The browser of bob, whose password is that of the guide. */
export class PageOfBob {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  static async open(browser: Browser): Promise<PageOfBob> {
    mkdirSync(PICTURES, { recursive: true })
    return new PageOfBob(await browser.newPage({ viewport: { width: 1280, height: 800 } }))
  }

  /** Fills in Keycloak's form. */
  async signIn(): Promise<void> {
    await this.page.fill('input[name=username]', 'bob')
    await this.page.fill('input[name=password]', 'bob-pw')
    await this.page.press('input[name=password]', 'Enter')
  }

  /** The text of a labelled box, as its copy button copies it. */
  async shown(label: string): Promise<string> {
    return (await this.page.getByRole('region', { name: label, exact: true }).first().textContent()) ?? ''
  }

  /** A request of the application's page. */
  askApplication(): Promise<unknown> {
    return this.page.evaluate(() => fetch('/mlflow/ajax-api/2.0/mlflow/experiments/search?max_results=1'))
  }

  /**
   * Waits until a screen reader gets this: the bar's shadow root is closed to the application, and so to selectors.
   * @param meanwhile Repeated while it waits.
   */
  async untilAccessible(shown: RegExp, meanwhile: () => Promise<unknown> = async () => {}): Promise<void> {
    const client = await this.page.context().newCDPSession(this.page)
    let text = ''
    for (let i = 0; i < 100 && !shown.test(text); i += 1) {
      await meanwhile()
      const { nodes } = await client.send('Accessibility.getFullAXTree')
      text = nodes.map(({ role, name }) => `${role?.value}: ${name?.value ?? ''}`).join('\n')
      await this.page.waitForTimeout(100)
    }
    await client.detach()
    assert.match(text, shown)
  }

  /** In both color schemes, wide and narrow. */
  async pictures(name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [1280, 390]) {
        await this.page.emulateMedia({ colorScheme })
        await this.page.setViewportSize({ width, height: 800 })
        await this.page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}-${width}.png`) })
      }
    }
    await this.page.emulateMedia({ colorScheme: null })
    await this.page.setViewportSize({ width: 1280, height: 800 })
  }
}
