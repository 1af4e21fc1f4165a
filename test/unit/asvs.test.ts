import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { asvsRows } from '../requirements/asvs/asvs.ts'
import { LEVEL_2, levelOf } from '../requirements/asvs/levels.ts'

/** The checklist of OWASP ASVS 5.0.0 is complete, and its evidence exists. */
const rows = asvsRows()

test('the standard has 70 requirements of level 1 and 183 of level 2', () => {
  assert.equal(LEVEL_2.filter((number) => levelOf(number) === '1').length, 70)
  assert.equal(LEVEL_2.filter((number) => levelOf(number) === '2').length, 183)
})

test('every requirement of level 1 and level 2 is in the checklist, once, and no other', () => {
  assert.deepEqual(
    rows.map(({ number }) => number),
    LEVEL_2,
  )
})

test('every piece of evidence exists', () => {
  const paths = rows.flatMap(({ evidence }) => evidence)
  assert.deepEqual(
    paths.filter((path) => !existsSync(path)),
    [],
  )
})

test('what is met has evidence, and every row says why', () => {
  for (const { number, asks, status, why, evidence } of rows) {
    assert.ok(asks !== '' && why.endsWith('.'), number)
    assert.ok(status !== 'met' || evidence.length > 0, `V${number} is met without evidence`)
  }
})

test('most of what is met names a test', () => {
  const met = rows.filter(({ status }) => status === 'met')
  const tested = met.filter(({ evidence }) => evidence.some((path) => path.startsWith('test/')))
  assert.ok(tested.length / met.length > 0.75, `${tested.length} of ${met.length}`)
})
