import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { PICTURES, UPDATE } from './album.ts'

/** One still picture of the film: a page, its address and what happens. */
export interface Scene {
  readonly picture: Buffer
  readonly address: string
  readonly caption: string
  readonly seconds: number
}

const WIDTH = 960
/** The pages are shown at three quarters of their size. */
const HEIGHT = 600
const BAR = 44
const CAPTION = 56

const frame = ({ picture, address, caption }: Scene, progress: string) => `<!doctype html><style>
body{margin:0;width:${WIDTH}px;font:600 22px/1 system-ui,sans-serif;background:#1b1f27;color:#fff}
.bar{height:${BAR}px;background:#e4e7ec;display:flex;align-items:center;gap:9px;padding:0 16px;box-sizing:border-box}
.bar i{width:12px;height:12px;border-radius:6px;background:#b9c0cc}
.bar b{flex:1;margin-left:12px;background:#fff;border-radius:14px;padding:6px 14px;font:400 16px/1 system-ui,sans-serif;color:#1b1f27}
img{display:block;width:${WIDTH}px;height:${HEIGHT}px}
p{margin:0;height:${CAPTION}px;display:flex;align-items:center;justify-content:space-between;padding:0 20px}
small{font-weight:400;font-size:16px;color:#b9c3d4}
</style><div class="bar"><i></i><i></i><i></i><b>${address}</b></div>
<img src="data:image/png;base64,${picture.toString('base64')}"><p>${caption}<small>${progress}</small></p>`

/** Makes the film of the scenes, an animated WebP, and a still picture of its last scene. */
export async function makeFilm(browser: Browser, scenes: readonly Scene[]): Promise<{ film: Buffer; still: Buffer }> {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: BAR + HEIGHT + CAPTION } })
  const frames: Buffer[] = []
  for (const [i, scene] of scenes.entries()) {
    await page.setContent(frame(scene, `${i + 1} / ${scenes.length}`))
    frames.push(await page.screenshot())
  }
  await page.close()
  const delay = scenes.map(({ seconds }) => seconds * 1000)
  const film = await sharp(frames, { join: { animated: true } })
    .webp({ lossless: true, effort: 6, delay, loop: 0 })
    .toBuffer()
  const still = await sharp(frames.at(-1)).png({ palette: true, quality: 90, effort: 10 }).toBuffer()
  if (UPDATE) {
    writeFileSync(join(PICTURES, 'film.webp'), film)
    writeFileSync(join(PICTURES, 'film-still.png'), still)
  }
  return { film, still }
}

/** How long a film takes and how many scenes it has. */
export async function measured(film: Buffer): Promise<{ scenes: number; seconds: number }> {
  const { pages = 1, delay = [] } = await sharp(film, { animated: true }).metadata()
  return { scenes: pages, seconds: delay.reduce((sum, each) => sum + each, 0) / 1000 }
}

/** The film of the README, if there is one. */
export const committedFilm = (): Buffer | undefined => {
  const path = join(PICTURES, 'film.webp')
  return existsSync(path) ? readFileSync(path) : undefined
}
