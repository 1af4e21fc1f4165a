import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReturnTo } from '../../../../src/gateway/signin/login/return-to.ts'

/**
 * Every way in which a return address may lead elsewhere, combined: what stands before, how it separates, how the foreign
 * host is written, and what stands behind. About as many as the payload lists of oauth2-proxy and mod_auth_openidc hold
 * together, made here instead of copied.
 */
const BEFORE = [
  '',
  '/',
  '/.',
  '/..',
  '/a/..',
  '/%2e',
  '\t',
  ' ',
  '\u00a0',
  '\0',
  'https:',
  'http:',
  'HtTpS:',
  '//',
  '/\t',
  '/\n',
  '/\r\n',
  '.',
]
const SEPARATORS = [
  '//',
  '///',
  '/\\',
  '\\/',
  '\\\\',
  '\\',
  '%2f%2f',
  '/%2f',
  '/%5c',
  '%5c%5c',
  '/\t/',
  '/\r/',
  '/%09/',
  '/%0a/',
  '/;/',
  '/ /',
  ':',
]
const HOSTS = [
  'evil.example',
  'o.example@evil.example',
  'o.example.evil.example',
  'evil.example#@o.example',
  'evil%E3%80%82example',
  'ⓔvil.example',
  '[::1]',
  '2130706433',
  'xn--evl-bla.example',
]
const BEHIND = ['', '/', '/..', '?o.example', '#o.example', '%2f..', '@o.example', ':443', '\\@o.example']

const publicUrl = 'https://o.example'
const returnTo = new ReturnTo({ server: { publicUrl }, routes: [{ host: 'api.example' }] } as never)
const OWN = new Set([publicUrl, 'https://api.example'])

/** Where a browser on our page ends; browsers drop line ends and tabs and read `\` as `/` (WHATWG URL §4.4). */
const landing = (location: string) => new URL(location, `${publicUrl}/auth/callback`)

function* combined(): Generator<string> {
  for (const before of BEFORE)
    for (const separator of SEPARATORS)
      for (const host of HOSTS) for (const behind of BEHIND) yield before + separator + host + behind
}

test('none of the combined addresses leads to another origin, decoded or not', () => {
  let count = 0
  for (const value of combined()) {
    for (const given of [
      value,
      value.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    ]) {
      count += 1
      const sent = returnTo.check(given)
      assert.match(sent, /^[\x21-\x7e]+$/, given)
      assert.ok(OWN.has(landing(sent).origin), `${JSON.stringify(given)} leads to ${sent}`)
      // Nor once something on the way has decoded it again, or taken the front off a path.
      const [path = ''] = sent.split(/[?#]/)
      assert.doesNotMatch(path, /^\/(?:\/|\\|%2f|%5c)/i, given)
    }
  }
  assert.ok(count > 20_000, String(count))
})

test('addresses on our own origins still lead to their target', () => {
  for (const own of ['/a', '/a/b?c=//evil.example', '/a#//evil.example', 'https://api.example/x'])
    assert.equal(returnTo.check(own), own)
})
