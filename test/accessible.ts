import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/**
 * What a screen reader gets of a page, one `role: name` a line: the only view into the page bar, whose shadow root is
 * closed.
 */
export async function accessible(page: Page): Promise<string> {
  const client = await page.context().newCDPSession(page)
  const { nodes } = await client.send('Accessibility.getFullAXTree')
  await client.detach()
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => `${role?.value}: ${name?.value ?? ''}`)
    .join('\n')
}

/** Waits until a screen reader would get this. Resolves to everything that it gets. */
export async function untilAccessible(page: Page, shown: RegExp): Promise<string> {
  for (let i = 0; i < 100; i += 1) {
    const text = await accessible(page)
    if (shown.test(text)) return text
    await page.waitForTimeout(100)
  }
  return assert.fail(`expected ${shown}`)
}

/** Pictures of a page in both color schemes, wide and narrow: `NAME-light-390.png`. */
export async function pictures(page: Page, directory: string, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 800 })
      await page.screenshot({ path: join(directory, `${name}-${colorScheme}-${width}.png`) })
    }
  await page.emulateMedia({ colorScheme: null })
  await page.setViewportSize({ width: 1280, height: 800 })
}
