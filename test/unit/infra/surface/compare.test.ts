import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changelogSection, compareSurfaces, unnamedChanges } from '../../../../infra/surface/compare.ts'

const BEFORE = `command  check  <file>
configuration  limits.waitSeconds  integer 1..60 = 5
reason  too-slow  504
`

const changelog = (breaking: string, added: string) =>
  `# Changelog\n\n## 2.0.0 (unreleased)\n\n### Breaking changes\n\n${breaking}\n\n### Added\n\n${added}\n\n## 1.0.0\n\n- \`too-slow\`\n`

const unnamed = (now: string, breaking = '', added = '') =>
  unnamedChanges(compareSurfaces(BEFORE, now), changelog(breaking, added), '2.0.0')

test('an unchanged surface needs no line', () => assert.deepEqual(unnamed(BEFORE), []))

test('an entry that is gone must be among the breaking changes of this version', () => {
  const now = BEFORE.replace(/^reason.*\n/m, '')
  const [sentence = ''] = unnamed(now, '', '- `too-slow` is gone.')
  assert.match(sentence, /^reason too-slow is gone, .* `too-slow` to `### Breaking changes` of `## 2\.0\.0`\.$/)
  assert.deepEqual(unnamed(now, '- The reason `too-slow` is gone.'), [])
})

test('an entry whose default changed must be among the breaking changes', () => {
  const now = BEFORE.replace('= 5', '= 9')
  assert.match(unnamed(now)[0] ?? '', /waitSeconds changed from "integer 1\.\.60 = 5" to "integer 1\.\.60 = 9"/)
  assert.deepEqual(unnamed(now, '- `limits.waitSeconds` is 9.'), [])
})

test('a new entry must be named, anywhere in the section', () => {
  const now = `${BEFORE}command  selftest\ncommand  selftest --config  --config <file>\n`
  assert.equal(unnamed(now).length, 2)
  assert.deepEqual(unnamed(now, '', '- `modelops-gateway\n  selftest` checks itself.'), [])
  assert.deepEqual(unnamed(now, '- `selftest` is a command.'), [])
})

test('a new option of a command that was there is not named by the command', () => {
  const now = `${BEFORE}command  check --deep  --deep\n`
  assert.equal(unnamed(now, '', '- `check` is better.').length, 1)
  assert.deepEqual(unnamed(now, '', '- `check --deep` looks closer.'), [])
})

test('a key that is deprecated must be named, and breaks nothing yet', () => {
  const now = BEFORE.replace('= 5', '= 5 deprecated')
  assert.match(unnamed(now)[0] ?? '', /waitSeconds is deprecated, .* to `## 2\.0\.0`\.$/)
  assert.deepEqual(unnamed(now, '', '- `limits.waitSeconds` ends with 3.0.0.'), [])
})

test('a name inside of a longer one, or without backticks, does not count', () => {
  const now = `${BEFORE}reason  slow  504\n`
  assert.equal(unnamed(now, '', '- `slow-start`, slow').length, 1)
})

test('the section of another version does not count', () => {
  assert.equal(changelogSection(changelog('a', 'b'), '2.0').all, '')
  assert.ok(!changelogSection(changelog('a', 'b'), '2.0.0').all.includes('too-slow'))
})
