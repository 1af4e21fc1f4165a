import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { covers, matchesPattern, parsePattern, patternMistake } from '../../../../src/shared/tokens/claim-pattern.ts'
import { anyText } from '../../../arbitraries.ts'

const matches = (pattern: string, value: unknown) => {
  assert.equal(patternMistake(pattern), undefined, pattern)
  return matchesPattern(parsePattern(pattern), value)
}

const table: [pattern: string, value: unknown, expected: boolean][] = [
  ['refs/heads/*', 'refs/heads/main', true],
  ['refs/heads/*', 'refs/heads/feature/x', false],
  ['refs/heads/*', 'refs/heads/', false],
  ['refs/heads/*', 'refs/heads', false],
  ['refs/heads/*', 'refs/heads/main ', false],
  ['refs/heads/*', 'refs/heads/a b', false],
  ['refs/heads/*', 'refs/heads/main\n', false],
  ['refs/*/main', 'refs:heads:main', false],
  ['refs/heads/*', 'refs:heads/main', false],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/train:ref:refs/heads/main', true],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/x:environment:ref:refs/heads/main', false],
  ['repo:acme/*:ref:refs/heads/main', 'repo:acme/train:pull_request', false],
  ['repo:acme/train:*', 'repo:acme/train:ref:refs/heads/main', false],
  ['repo:acme/train:*', 'repo:acme/train:pull_request', true],
  ['*', 'x', true],
  ['*', '', false],
  ['*', 'a/b', false],
  // One that looks the same: fullwidth and Cyrillic letters, division slash, fullwidth colon, a letter with an accent.
  ['acme/train', 'аcme/train', false],
  ['acme/*', 'аcme/train', false],
  ['acme/*', 'acme/ｔrain', false],
  ['acme/*', 'acme/a∕b', false],
  ['acme/*', 'acme/a：b', false],
  ['acme/*', 'acme/é', false],
  ['acme/train', 'Acme/train', false],
  ['acme/train', 'acme/train\u200b', false],
  // Regular expressions, globs and escapes are ordinary text.
  ['a.c', 'abc', false],
  ['a?c', 'abc', false],
  ['acme/train', 'acme%2Ftrain', false],
  ['[a-z]', 'a', false],
  // Other types never match.
  ['123', 123, false],
  ['true', true, false],
  ['a', ['a'], false],
  ['*', ['a'], false],
  ['a', { toString: () => 'a' }, false],
  ['*', null, false],
  ['*', undefined, false],
]
for (const [pattern, value, expected] of table)
  test(`${pattern} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(value) ?? 'nothing'}`, () =>
    assert.equal(matches(pattern, value), expected))

test('a pattern has `*` as whole segments, and characters of ASCII', () => {
  for (const text of [
    '',
    'release-*',
    'a*b',
    '**',
    'refs/heads/**',
    '*a/b',
    'a/b*:c',
    'acme/тrain',
    ' a',
    'a ',
    'a\tb',
  ])
    assert.ok(patternMistake(text), text)
  for (const text of ['*', 'a/*', '*:b', 'a/*/c:*', 'Production EU', 'repo:o/r:environment:prod'])
    assert.equal(patternMistake(text), undefined, text)
})

const plain = fc.stringMatching(/^[a-z0-9._-]{1,6}$/)
const separator = fc.constantFrom('/', ':')
/** Segments and separators in turn. */
const pieces = (segment: fc.Arbitrary<string>) =>
  fc
    .tuple(segment, fc.array(fc.tuple(separator, segment), { maxLength: 5 }))
    .map(([first, rest]) => [first, ...rest.flat()])
const pattern = pieces(fc.oneof({ arbitrary: plain, weight: 3 }, { arbitrary: fc.constant('*'), weight: 2 }))
const anything = fc.oneof(
  fc.string(),
  anyText,
  pieces(plain).map((each) => each.join('')),
)

const shapeOf = (text: string) => text.replaceAll(/[^/:]+/g, 's')

test('no pattern matches across a boundary of segments', () => {
  fc.assert(
    fc.property(pattern, anything, (each, value) => {
      if (matches(each.join(''), value)) assert.equal(shapeOf(value), shapeOf(each.join('')))
    }),
    { numRuns: 2000 },
  )
})

test('a pattern matches what has any segments in place of `*`, and nothing with more or fewer segments there', () => {
  fc.assert(
    fc.property(pattern, fc.array(plain, { minLength: 11, maxLength: 11 }), separator, (each, fills, between) => {
      const text = each.join('')
      const filled = each.map((piece, index) => (piece === '*' ? (fills[index] as string) : piece))
      assert.equal(matches(text, filled.join('')), true)
      for (const [index, piece] of each.entries()) {
        if (piece !== '*') continue
        const at = (replacement: string) => filled.with(index, replacement).join('')
        for (const wrong of [`a${between}b`, between, `${between}a`, `a${between}`, '', 'a b', 'ä', '\u0000'])
          assert.equal(matches(text, at(wrong)), false, `${text} on ${at(wrong)}`)
      }
    }),
    { numRuns: 500 },
  )
})

test('a text without `*` matches itself and nothing else', () => {
  fc.assert(
    fc.property(pieces(plain), anything, (each, value) => {
      const text = each.join('')
      assert.equal(matches(text, text), true)
      assert.equal(matches(text, value), value === text)
    }),
  )
})

test('a pattern that covers another one matches all that the other one matches', () => {
  fc.assert(
    fc.property(pattern, pattern, anything, (wide, narrow, value) => {
      const [one, other] = [parsePattern(wide.join('')), parsePattern(narrow.join(''))]
      assert.equal(covers(one, one), true)
      if (covers(one, other) && matchesPattern(other, value)) assert.equal(matchesPattern(one, value), true)
      const filled = narrow.map((piece) => (piece === '*' ? 'x' : piece)).join('')
      if (covers(one, other)) assert.equal(matchesPattern(one, filled), true)
    }),
    { numRuns: 1000 },
  )
})

const covering: [wide: string, narrow: string, expected: boolean][] = [
  ['a/*', 'a/*', true],
  ['a/*', 'a/b', true],
  ['*/*', 'a/*', true],
  ['*/*', '*/b', true],
  ['*', '*', true],
  ['a/b', 'a/b', true],
  ['a/b', 'a/*', false],
  ['a/*', '*/*', false],
  ['a/*', '*', false],
  ['*', 'a/*', false],
  ['a/*', 'a/*/c', false],
  ['a/*', 'a:*', false],
  ['a/*', 'b/*', false],
  ['a/*', 'a/b c', false],
]
for (const [wide, narrow, expected] of covering)
  test(`${wide} ${expected ? 'covers' : 'does not cover'} ${narrow}`, () =>
    assert.equal(covers(parsePattern(wide), parsePattern(narrow)), expected))

test('a pattern has 1 to 500 characters, and is compared with claims of up to 2048', () => {
  for (const text of ['', 'x'.repeat(501)]) assert.equal(patternMistake(text), 'expected 1 to 500 characters')
  for (const text of ['x', 'x'.repeat(500)]) assert.equal(patternMistake(text), undefined)
  for (const pattern of ['*', 'x'.repeat(2048)]) {
    assert.equal(matchesPattern(parsePattern(pattern), 'x'.repeat(2048)), true)
    assert.equal(matchesPattern(parsePattern(pattern), 'x'.repeat(2049)), false)
  }
  assert.equal(matchesPattern({ text: 'x'.repeat(2049), pieces: undefined }, 'x'.repeat(2049)), false)
})
