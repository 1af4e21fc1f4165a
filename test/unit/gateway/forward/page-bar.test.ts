import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPageForBar, pageBarRewrite } from '../../../../src/gateway/forward/page-bar.ts'
import type { AdmittedRequest } from '../../../../src/gateway/routing/admitted-request.ts'

const TAG = '<script src="/auth/page-bar.js" defer></script>'
const rewritten = (status: number, body: string, type = 'text/html; charset=utf-8') =>
  pageBarRewrite.apply(status, Buffer.from(body), type).toString()

const pages: [string, string, string][] = [
  [
    'at the end of the head',
    '<html><head><title>x</title></head><body>é</body>',
    `<title>x</title>${TAG}</head><body>é`,
  ],
  [
    'before the scripts of the application',
    '<head><title>x</title><script defer src="a.js"></script><link></head><script></script>',
    `<title>x</title>${TAG}<script defer src="a.js"></script><link></head><script></script>`,
  ],
  [
    'at the end of a head with a comment before its scripts',
    '<head><!-- <script> --><script src="a.js"></script></head>',
    `<script src="a.js"></script>${TAG}</head>`,
  ],
  ['at the end of a page without a head', '<p>x', `<p>x${TAG}`],
]
for (const [name, body, expected] of pages) {
  test(`the script is added ${name}`, () => assert.ok(rewritten(200, body).includes(expected)))
}

const unchanged: [string, number, string][] = [
  ['JSON', 200, 'application/json'],
  ['text', 200, 'text/plain'],
  ['a type that only begins alike', 200, 'text/html5'],
  ['no type', 200, ''],
  ['an error page', 404, 'text/html'],
  ['a redirect', 302, 'text/html'],
]
for (const [name, status, type] of unchanged) {
  test(`${name} stays as it is`, () => assert.equal(rewritten(status, '<head></head>', type), '<head></head>'))
}

interface Asked {
  readonly pageBar?: string
  readonly method?: string
  readonly via?: string
  readonly isPage?: boolean | undefined
  readonly headers?: Record<string, string>
}
const asked = ({
  pageBar = 'on',
  method = 'GET',
  via = 'session',
  isPage = true,
  headers = { accept: 'text/html' },
}: Asked) =>
  isPageForBar({
    context: { head: { method, headers }, caller: { via } },
    route: { config: { pageBar }, profile: { isPage: () => isPage } },
    below: { app: {} },
  } as unknown as AdmittedRequest)

test('a page that a person opens gets the script', () => assert.equal(asked({}), true))
const others: [string, Asked][] = [
  ['switched off', { pageBar: 'off' }],
  ['a HEAD request', { method: 'HEAD' }],
  ['a form', { method: 'POST' }],
  ['a bearer token', { via: 'bearer' }],
  ['another address of the application', { isPage: false }],
  ['a program', { headers: { accept: 'application/json' } }],
  ['a script of the page', { headers: { accept: 'text/html', 'sec-fetch-mode': 'cors' } }],
]
for (const [name, given] of others) test(`no script for ${name}`, () => assert.equal(asked(given), false))
