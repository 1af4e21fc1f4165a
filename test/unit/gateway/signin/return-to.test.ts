import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_RETURN_TO, ReturnTo } from '../../../../src/gateway/signin/login/return-to.ts'
import { anyWebUrl } from '../../../arbitraries.ts'
import { PUBLIC, testConfig } from './kit.ts'

const config = testConfig({ url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' })
const returnTo = new ReturnTo(config)

const kept: [given: string, sent: string][] = [
  ['/', '/'],
  ['/mlflow/', '/mlflow/'],
  ['/mlflow/?projectId=1#/experiments/1/runs/2', '/mlflow/?projectId=1#/experiments/1/runs/2'],
  ['/airflow/dags/a%20b%25c/grid?x=%0A', '/airflow/dags/a%20b%25c/grid?x=%0A'],
  ['/mlflow/#/a\\b', '/mlflow/#/a\\b'],
  ['/mlflow/größe', '/mlflow/gr%C3%B6%C3%9Fe'],
  ['/a//b', '/a//b'],
  ['/a/./b/../c', '/a/c'],
  ['/user@host', '/user@host'],
  ['/redirect?to=https://evil.example/', '/redirect?to=https://evil.example/'],
  [`${PUBLIC}/mlflow/#/x`, '/mlflow/#/x'],
  ['https://o.example', '/'],
  ['HTTPS://O.EXAMPLE/x', '/x'],
  ['https://o.example:443/x', '/x'],
  ['https://api.example/v1?x=y', 'https://api.example/v1?x=y'],
]
for (const [given, sent] of kept)
  test(`return_to ${given} leads to ${sent}`, () => assert.equal(returnTo.check(given), sent))

const hostile = [
  // another host, as plain as it gets
  'https://evil.example/',
  'http://evil.example',
  'ftp://o.example/',
  '//evil.example',
  '///evil.example',
  '////evil.example/%2f..',
  '//o.example@evil.example/',
  // slashes that are not what they seem
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\\/evil.example',
  '/%5cevil.example',
  '/%5Cevil.example',
  '/%2fevil.example',
  '/%2Fevil.example',
  '/%2f%2fevil.example',
  '/.//evil.example',
  '/./\\evil.example',
  '/x/..//evil.example',
  '/x/../\\evil.example',
  '/x/%2e%2e//evil.example',
  'https://o.example//evil.example',
  'https://o.example/%5cevil.example',
  'https:///evil.example',
  'https:\\\\evil.example',
  'https:/\\evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:o.example',
  'http:\\\\evil.example',
  // white space and controls
  '\t//evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\n/evil.example',
  ' /mlflow',
  '/mlflow ',
  ' https://evil.example',
  '/%09/evil.example',
  '/%0a/evil.example',
  '/%0d%0aSet-Cookie:%20x=y',
  '/x\r\nSet-Cookie: x=y',
  '/x\u0000',
  '/%00',
  '/x\u007f',
  '/x\u0085',
  '/x#a\nb',
  // user information
  'https://o.example@evil.example/',
  'https://o.example%40evil.example/',
  'https://user@o.example/',
  'https://user:password@o.example/',
  'https://:@o.example:1/',
  'https://evil.example\\@o.example/',
  'https://evil.example#@o.example/',
  // hosts that look like ours
  'https://evil-o.example/',
  'https://o.example.evil/',
  'https://o.example.evil.example',
  'https://xo.example/',
  'https://sub.o.example/',
  'https://example/',
  'https://o.example./',
  'https://о.example/', // Cyrillic о
  'https://o。evil.example/',
  'https://xn--.example/',
  'https://[::1]/',
  'https://[::ffff:1.2.3.4]/',
  'https://2130706433/',
  'https://0x7f.1/',
  // other ports and schemes
  'https://o.example:8443/',
  'https://o.example:80/',
  'https://o.example:443@evil.example/',
  'http://o.example/',
  'http://api.example/',
  'https://api.example:444/',
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'java\tscript:alert(1)',
  'javascript://o.example/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'blob:https://o.example/1',
  'file:///etc/passwd',
  'about:blank',
  'view-source:https://o.example/',
  // no address at all
  '',
  '.',
  '..',
  'mlflow/',
  '?x=y',
  '#x',
  '@evil.example',
  ':8080',
  'evil.example',
  '%2f%2fevil.example',
  '%68ttps://evil.example',
  '*',
  'https://',
  'https://%',
  'https://o.example:99999/',
]
for (const value of hostile) {
  test(`return_to ${JSON.stringify(value)} falls back to /`, () => assert.equal(returnTo.check(value), '/'))
}

test('a value that is not a string falls back to /', () => {
  for (const value of [undefined, null, 7, ['/mlflow/'], { path: '/mlflow/' }]) assert.equal(returnTo.check(value), '/')
})

test('a return address of more than 2 kB falls back, measured as received and as sent', () => {
  const longest = `/${'a'.repeat(MAX_RETURN_TO - 1)}`
  assert.equal(returnTo.check(longest), longest)
  assert.equal(returnTo.check(`${longest}a`), '/')
  assert.equal(returnTo.check(`/${'ö'.repeat(1000)}`), '/')
})

test('a path without a host belongs to the host of the request, if it is one of ours', () => {
  assert.equal(returnTo.check('/v1', 'https://api.example'), 'https://api.example/v1')
  assert.equal(returnTo.check('/v1', 'https://evil.example'), '/v1')
  assert.equal(returnTo.check('//evil.example', 'https://api.example'), '/')
})

test('for any input a browser stays on our origins and no header can be injected', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '//',
    'evil.example',
    'o.example',
    '@',
    ':',
    '%2f',
    '%5c',
    '\t',
    '..',
    '#',
    '?',
    'https:',
  )
  const given = fc.oneof(
    fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
    fc.string(),
    anyWebUrl,
  )
  fc.assert(
    fc.property(given, (value) => {
      const sent = returnTo.check(value)
      const url = new URL(sent, `${PUBLIC}/auth/callback`)
      assert.ok([PUBLIC, 'https://api.example'].includes(url.origin), sent)
      assert.match(sent, /^[\x21-\x7e]+$/)
      assert.equal(returnTo.check(sent), sent, 'judging it again at the callback changes nothing')
    }),
    { numRuns: 500 },
  )
})
