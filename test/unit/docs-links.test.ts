import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { anchorOf } from '../../infra/docs/site/anchor.ts'
import { documentation, prose } from './infra/docs/pages.ts'

/** The anchors that a Markdown renderer gives to headings. */
function anchorsOf(path: string): Set<string> {
  const headings = prose(readFileSync(path, 'utf8')).matchAll(/^#+ (.+)$/gm)
  return new Set([...headings].map(([, heading = '']) => anchorOf(heading)))
}

for (const [path, page] of documentation()) {
  test(`every link of ${path} leads to a file and a heading that exist`, () => {
    for (const [, target = '', anchor] of prose(page).matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const file = target === '' ? path : normalize(join(dirname(path), target))
      assert.ok(existsSync(file), target)
      if (anchor !== undefined) assert.ok(anchorsOf(file).has(anchor), `${target}#${anchor}`)
    }
  })

  test(`every path of the checkout that ${path} names exists`, () => {
    for (const [, named = ''] of prose(page).matchAll(/`((?:src|infra|test|config|caddy|docs)\/[\w./-]+)`/g)) {
      assert.ok(existsSync(named), named)
    }
  })
}

test('the index of decisions lists each record once, numbered without holes', () => {
  const index = readFileSync('docs/adr/README.md', 'utf8')
  const rows = [...index.matchAll(/^\| \[(\d{4})\]\((\d{4})-[\w-]+\.md\)/gm)].map(([, shown, file]) => [shown, file])
  const expected = rows.map((_, position) => String(position + 1).padStart(4, '0'))
  assert.deepEqual(
    rows,
    expected.map((number) => [number, number]),
  )
  const records = [...documentation().keys()].filter((path) => /^docs\/adr\/\d/.test(path))
  assert.equal(records.length, rows.length)
})
