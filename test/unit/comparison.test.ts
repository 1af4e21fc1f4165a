import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

/** Each statement about another product has a source. */
const page = readFileSync('docs/explanation/comparison.md', 'utf8')
const [text = '', ...sources] = page.split(/^(?=\[\^[\w-]+\]: )/m)
const defined = sources.map((source) => /^\[\^([\w-]+)\]/.exec(source)?.[1])
const table = text.split('\n').filter((line) => line.startsWith('| '))
/** What is true of any reverse proxy. */
const PLAIN = ['–', 'none', 'inside the application']

test('every cell about another product has a source, or says that there is none', () => {
  const cells = table.slice(2).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
  assert.ok(cells.length >= 12)
  for (const [topic, , ...others] of cells) {
    assert.equal(others.length, 5, topic)
    for (const cell of others) assert.ok(PLAIN.includes(cell) || /\[\^[\w-]+\]$/.test(cell), `${topic}: ${cell}`)
  }
})

test('every source is used, is defined once, and is the other product’s own documentation over HTTPS', () => {
  const used = new Set([...text.matchAll(/\[\^([\w-]+)\]/g)].map(([, name]) => name))
  assert.deepEqual([...used].sort(), [...defined].sort())
  for (const source of sources) assert.match(source, /^\[\^[\w-]+\]: \[[^\]]+\]\(https:\/\/[^)]+\)\n?$/)
})

test('sources on GitHub name one commit, so that they stay what was read', () => {
  for (const source of sources.filter((each) => each.includes('github.com')))
    assert.match(source, /\/blob\/[0-9a-f]{40}\//)
})
