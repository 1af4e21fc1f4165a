import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { assertHasTest } from '../requirements/titles.ts'
import { SECTIONS } from '../requirements.ts'

const rows = SECTIONS.flatMap((section) => section.rows)

/** The ids that no change may drop: families of attack cases, and sections of requirements. */
const range = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${prefix}${from + i}`)
const WANTED = [
  ...range('R', 1, 6),
  ...range('H', 1, 8),
  ...range('P', 1, 5),
  ...range('T', 1, 8),
  ...range('B', 1, 8),
  ...range('W', 1, 6),
  ...range('S-', 100, 110),
  ...range('S-', 120, 127),
  ...range('S-', 130, 136),
  ...range('S-', 140, 142),
  ...range('S-', 145, 148),
  ...range('S-', 60, 71),
  ...range('S-', 160, 167),
  ...range('S-', 180, 189),
]

test('every requirement has a row, once, with a proof', () => {
  const ids = rows.map(({ id }) => id)
  assert.deepEqual(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  )
  assert.deepEqual(
    WANTED.filter((id) => !ids.includes(id)),
    [],
  )
  assert.deepEqual(
    rows.filter(({ tests }) => tests.length === 0),
    [],
  )
})

test('the page for reviewers names every id', () => {
  const page = readFileSync('docs/reference/requirements.md', 'utf8')
  assert.deepEqual(
    WANTED.filter((id) => !page.includes(`| ${id} |`)),
    [],
  )
})

for (const { id, tests } of rows) {
  for (const [file, name] of tests) {
    test(`${id} is proved by "${name}" of ${file}`, () => {
      assertHasTest(file, name)
    })
  }
}
