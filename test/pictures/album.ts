import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { checkout } from '../../infra/parts/directories.ts'

/** Whether pictures are made anew instead of compared: `npm run docs:screenshots`. */
export const UPDATE = process.env.UPDATE_SCREENSHOTS === '1'
export const PICTURES = join(checkout, 'docs', 'pictures')
/** The largest picture of the documentation, bytes. */
export const LARGEST = 120_000
/**
 * How much the brightness of the picture may differ on average, of 255. Two runs differ by 0.1 (IDs and times), a card that
 * is wider and lower by 6.
 */
const MOST_DIFFERENCE = 2

/** What differs from run to run, and what the snapshot says instead. */
const MASKS: readonly [RegExp, string][] = [
  // Not those of the projects, the users and the placeholder, which are the same in every demo.
  [/(?!0{8}-|1{8}-|2{8}-|5a4e0000-)[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, 'UUID'],
  [/\b[0-9a-f]{32}\b/g, 'ID'],
  [/localhost:\d+/g, 'localhost:PORT'],
  [/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d( UTC|Z)?/g, 'TIME'],
  [/\d\d?\/\d\d?\/\d{4}, \d\d:\d\d:\d\d [AP]M/g, 'TIME'],
  [/(\d+|a few|an?) (second|minute)s? ago|just now/g, 'AGO'],
  [/\b[\d.]+m?s\b/g, 'DURATION'],
  [/#[0-9a-f]{6}\b/g, 'COLOR'],
]

export interface Look {
  readonly colorScheme?: 'light' | 'dark'
  /** Pixels. Default: 800. */
  readonly height?: number
}

/** The pictures of the documentation: each with a text of what a screen reader gets, which is compared exactly. */
export class Album {
  readonly #made = join(tmpdir(), 'modelops-gateway-pictures')

  /** Takes the picture `NAME.png` of the page as it is. @throws AssertionError if the page is not as in the documentation */
  async take(page: Page, name: string, { colorScheme = 'light', height = 800 }: Look = {}): Promise<Buffer> {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width: 1280, height })
    const heard = masked(await page.locator('body').ariaSnapshot())
    const picture = await small(await page.screenshot({ animations: 'disabled', caret: 'hide' }))
    assert.ok(picture.length < LARGEST, `${name}.png: ${picture.length} bytes`)
    mkdirSync(this.#made, { recursive: true })
    for (const folder of UPDATE ? [PICTURES, this.#made] : [this.#made]) {
      writeFileSync(join(folder, `${name}.png`), picture)
      writeFileSync(join(folder, `${name}.aria.yaml`), heard)
    }
    await this.#compare(name, heard, picture)
    return picture
  }

  async #compare(name: string, heard: string, picture: Buffer): Promise<void> {
    const [text, image] = [join(PICTURES, `${name}.aria.yaml`), join(PICTURES, `${name}.png`)]
    const fix = `The page is not as in docs/pictures/${name}.png. If the change is meant: npm run docs:screenshots. The new picture is in ${this.#made}.`
    assert.ok(existsSync(text) && existsSync(image), fix)
    assert.equal(heard, readFileSync(text, 'utf8'), fix)
    const difference = await differenceOf(picture, readFileSync(image))
    assert.ok(difference <= MOST_DIFFERENCE, `${fix} Average difference: ${difference.toFixed(1)}.`)
  }
}

export const masked = (text: string): string =>
  `${MASKS.reduce((done, [from, to]) => done.replaceAll(from, to), text)}\n`

/** The picture as PNG with a palette. */
const small = (picture: Buffer) => sharp(picture).png({ palette: true, quality: 90, effort: 10 }).toBuffer()

/** The average difference of two pictures' brightness, of 255, seen from far away. */
export async function differenceOf(one: Buffer, other: Buffer): Promise<number> {
  const far = (picture: Buffer) =>
    sharp(picture).removeAlpha().resize(64, 40, { fit: 'fill' }).greyscale().raw().toBuffer()
  const [a, b] = [await far(one), await far(other)]
  assert.equal(a.length, b.length)
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length
}
