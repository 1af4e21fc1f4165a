import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { differenceOf, LARGEST, masked, PICTURES } from '../pictures/album.ts'

const taken = readdirSync(PICTURES).filter((name) => name.endsWith('.png') && name !== 'film-still.png')

test('every picture is small, has one size, and has a text of what a screen reader gets', async () => {
  assert.ok(taken.length >= 8)
  for (const name of taken) {
    const path = join(PICTURES, name)
    assert.ok(statSync(path).size < LARGEST, name)
    assert.equal((await sharp(path).metadata()).width, 1280, name)
    assert.ok(existsSync(path.replace(/\.png$/, '.aria.yaml')), name)
  }
})

test('every picture of a page is in the documentation', () => {
  const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  const text = pages.map((name) => readFileSync(join('docs', name), 'utf8')).join()
  assert.deepEqual(
    taken.filter((name) => !text.includes(`pictures/${name}`)),
    [],
  )
})

test('what differs from run to run is masked, and what is the same is not', () => {
  const text = 'localhost:4180 8ff88bb8-12c7-4a3d-911c-7a7669b45653 11111111-1111-4111-8111-111111111111 3 seconds ago'
  assert.equal(masked(text), 'localhost:PORT UUID 11111111-1111-4111-8111-111111111111 AGO\n')
})

test('a box in another place is another picture, a line of text with other letters is not', async () => {
  const page = (box: string, id: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="800"><rect width="1280" height="800" fill="#eee"/>${box}<text x="400" y="500" font-size="14">${id}</text></svg>`
  const [one, same, moved] = await Promise.all(
    [
      page('<rect x="400" y="100" width="480" height="300" fill="#fff" stroke="#000"/>', 'Request ID: 8ff88bb8'),
      page('<rect x="400" y="100" width="480" height="300" fill="#fff" stroke="#000"/>', 'Request ID: 12c74a3d'),
      page('<rect x="100" y="300" width="980" height="300" fill="#fff" stroke="#000"/>', 'Request ID: 8ff88bb8'),
    ].map((svg) => sharp(Buffer.from(svg)).png().toBuffer()),
  )
  assert.ok((await differenceOf(one ?? Buffer.of(), same ?? Buffer.of())) < 0.5)
  assert.ok((await differenceOf(one ?? Buffer.of(), moved ?? Buffer.of())) > 2)
})
