import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { assertHasTest } from '../requirements/titles.ts'

/** Each threat of the threat model has a mitigation and a test that exists, or says that it is a gap. */
const page = readFileSync('docs/explanation/threat-model.md', 'utf8')
const requirements = readFileSync('docs/reference/requirements.md', 'utf8')
const rows = [...page.matchAll(/^\| TM-(\d+)\.(\d+) \| (\w) \| (.+?) \| (.+?) \| (.+?) \|$/gm)].map(
  ([, boundary = '', number = '', kind = '', threat = '', mitigation = '', tests = '']) => ({
    ...{ boundary: Number(boundary), number: Number(number), kind, threat, mitigation, tests },
    id: `TM-${boundary}.${number}`,
  }),
)
const boundaries = [...page.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number))

test('every row of the page is read', () => {
  assert.equal(rows.length, [...page.matchAll(/^\| TM-/gm)].length)
  assert.deepEqual(boundaries, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

for (const boundary of boundaries) {
  test(`boundary ${boundary} has a threat of each kind of STRIDE, numbered without holes`, () => {
    const of = rows.filter((row) => row.boundary === boundary)
    assert.deepEqual([...new Set(of.map(({ kind }) => kind))].sort(), ['D', 'E', 'I', 'R', 'S', 'T'])
    assert.deepEqual(
      of.map(({ number }) => number),
      of.map((_, at) => at + 1),
    )
  })
}

for (const { id, threat, mitigation, tests } of rows) {
  test(`${id} "${threat}" is tested, or said to be a gap`, () => {
    if (tests === '–') return assert.ok(mitigation.startsWith('**gap**: '), 'no test and no gap')
    for (const part of tests.split('; ')) {
      if (part.startsWith('**gap**: ')) continue
      const [, requirement] = /^\[([A-Z][\w-]*)\]\(\.\.\/reference\/requirements\.md/.exec(part) ?? []
      if (requirement !== undefined) {
        assert.ok(requirements.includes(`| ${requirement} |`), requirement)
        continue
      }
      const [, name = '', file = ''] = /^(.+) \(\[[^\]]+\]\(\.\.\/\.\.\/(test\/[^)]+)\)\)$/.exec(part) ?? []
      assert.ok(name.length > 10 && file !== '', `not the name of a test: ${part}`)
      assertHasTest(file, name)
    }
  })
}
