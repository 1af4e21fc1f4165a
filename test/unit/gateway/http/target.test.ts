import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { parseTarget } from '../../../../src/gateway/http/target.ts'

const accepted: [raw: string, path: string, query: string, oddities: string][] = [
  ['/', '/', '', ''],
  ['/mlflow', '/mlflow', '', ''],
  ['/mlflow/?a=b', '/mlflow/', 'a=b', ''],
  ['/a/b.c/d-e_f~g', '/a/b.c/d-e_f~g', '', ''],
  ['/%77orkspaces', '/workspaces', '', ''],
  ['/a%2dc', '/a-c', '', ''],
  ['/caf%c3%a9', '/caf%C3%A9', '', ''],
  ['/100%25', '/100%25', '', ''],
  ['/a%20b+c:d,e', '/a%20b+c:d,e', '', ''],
  ['/dagRuns/manual__2026-01-01T00:00:00%2B00:00', '/dagRuns/manual__2026-01-01T00:00:00%2B00:00', '', ''],
  ['/.well-known/x', '/.well-known/x', '', ''],
  ['/...', '/...', '', ''],
  ['/a/..b', '/a/..b', '', ''],
  ['/a%2Fb', '/a%2Fb', '', 'encoded-slash'],
  ['/a;v=1', '/a;v=1', '', 'semicolon'],
  ['/a%3Bv=1', '/a%3Bv=1', '', 'semicolon'],
  ['/a%252fb', '/a%252fb', '', 'double-encoding'],
  ['/a%252e%252e', '/a%252e%252e', '', 'double-encoding'],
  ['/a?x=../..&y=//&z=%00', '/a', 'x=../..&y=//&z=%00', ''],
]
for (const [raw, path, query, oddities] of accepted) {
  test(`reads ${raw} as ${path}`, () => {
    const target = parseTarget(raw)
    assert.deepEqual([target.path, target.query, target.oddities.join()], [path, query, oddities])
  })
}

const refused = [
  '',
  '*',
  'mlflow',
  'http://o.example/',
  'o.example:443',
  '//evil',
  '/a//b',
  '/a//',
  '/./',
  '/../',
  '/a/..',
  '/a/../b',
  '/a/.',
  '/%2e%2e/',
  '/%2E./',
  '/.%2e/b',
  '/a/%2e',
  '/..;/a',
  '/..;x=y/',
  '/a/.;/b',
  '/..%2fb',
  '/a%2f../b',
  '/a%2f..%2fb',
  '/a\\b',
  '/a%5cb',
  '/a%5Cb',
  '/%00',
  '/a%00b',
  '/a%0d%0ab',
  '/a%1fb',
  '/a%7f',
  '/a b',
  '/a\tb',
  '/a#b',
  '/a"b',
  '/a<b',
  '/a|b',
  '/a^b',
  '/a`b',
  '/a{b}',
  '/é',
  '/%',
  '/%2',
  '/%zz',
  '/%u002e',
  '/%c0%af',
  '/%c0%ae%c0%ae/',
  '/%e0%80%af',
  '/%ff',
  '/%ed%a0%80',
  '/a?b#c',
  '/a?b c',
  '/a?b\r\nc',
  '/a?é',
  '/%20../b%2f..',
  '/%2e%2e%2f',
]
for (const raw of refused) {
  test(`refuses ${JSON.stringify(raw)}`, () =>
    assert.throws(
      () => parseTarget(raw),
      (error) => error instanceof Refusal && error.status === 400,
    ))
}

test('parsing a canonical path again changes nothing', () => {
  const piece = fc.constantFrom(
    'a',
    '.',
    '..',
    '/',
    '%2e',
    '%2F',
    '%25',
    '%41',
    ';',
    '%3b',
    '%c3%a9',
    '-',
    '%',
    '2e',
    '+',
    '%00',
    '\\',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      let target: ReturnType<typeof parseTarget>
      try {
        target = parseTarget(`/${pieces.join('')}`)
      } catch (error) {
        assert.ok(error instanceof Refusal)
        return
      }
      assert.equal(parseTarget(target.path).path, target.path)
      assert.equal(new URL(target.path, 'http://x').pathname, target.path)
      assert.equal(decodeURIComponent(target.path), target.decodedPath)
    }),
    { numRuns: 5000 },
  )
})
