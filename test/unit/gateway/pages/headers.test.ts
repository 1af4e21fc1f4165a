import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  leavePageHeaders,
  pageHeaders,
  startPageHeaders,
  withoutReferrer,
} from '../../../../src/gateway/pages/headers.ts'
import { KEEP_FRAGMENT, SUBMIT_FORM } from '../../../../src/gateway/pages/scripts/own-scripts.ts'
import { STYLE } from '../../../../src/gateway/pages/style.ts'
import { testConfig } from '../signin/kit.ts'

const issuer = { url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' }
const https = testConfig(issuer)
const http = testConfig(issuer, { server: { publicUrl: 'http://localhost:4180' } })
const endpoint = new URL('https://sso.example/logout')

const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const start = "default-src 'none';base-uri 'none';object-src 'none';frame-ancestors 'none';form-action 'self'"
const end = `style-src ${sha256(STYLE)};img-src data:`

/** The same on every page. */
const FIXED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}
const HSTS = { 'strict-transport-security': 'max-age=31536000' }

test('a page has exactly these headers', () => {
  assert.deepEqual(pageHeaders(https), {
    'content-security-policy': `${start} https://o.example https://api.example;${end}`,
    'referrer-policy': 'same-origin',
    ...FIXED,
    ...HSTS,
  })
})

test('HSTS is sent only where the public origin is https', () => {
  assert.deepEqual(pageHeaders(http), {
    'content-security-policy': `${start} http://localhost:4180 http://api.example;${end}`,
    'referrer-policy': 'same-origin',
    ...FIXED,
  })
})

test('a page without forms sends no referrer and is otherwise the same', () => {
  assert.deepEqual(withoutReferrer(pageHeaders(https)), { ...pageHeaders(https), 'referrer-policy': 'no-referrer' })
})

test('the start page allows its own script', () => {
  assert.deepEqual(startPageHeaders(https), {
    ...pageHeaders(https),
    'content-security-policy': `${start} https://o.example https://api.example;${end};script-src ${sha256(KEEP_FRAGMENT)}`,
    'referrer-policy': 'no-referrer',
  })
})

test('the page that continues at the issuer allows its script and the issuer as the form target', () => {
  assert.deepEqual(leavePageHeaders(https, endpoint), {
    ...pageHeaders(https),
    'content-security-policy': `${start} https://o.example https://api.example https://sso.example https:;${end};script-src ${sha256(SUBMIT_FORM)}`,
    'referrer-policy': 'no-referrer',
  })
})

for (const host of ['a;script-src-elem', 'a,b'])
  test(`an issuer at the host ${host} adds nothing to the policy`, () =>
    assert.throws(() => leavePageHeaders(https, new URL(`https://${host}/logout`)), /CSP source/))
