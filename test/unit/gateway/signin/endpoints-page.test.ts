import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

/** The table of the endpoints in the source, and the page that describes them. */
const source = readFileSync('src/gateway/signin/endpoints.ts', 'utf8')
const page = readFileSync('docs/reference/endpoints.md', 'utf8')

test('the reference lists every endpoint of the sign-in, and none that does not exist', () => {
  const served = [...source.matchAll(/^ {4}\['(\/[^']*)'/gm)].map(([, path]) => path)
  const elsewhere = [
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/PATH',
    '/auth/admin',
    '/console',
    '/sessions',
    '/auth/branding/icon',
    '/auth/branding/logo',
    '/auth/client-jwks.json',
    '/auth/clients/',
    '/auth/clients/FILE',
    '/auth/verify',
    '/auth/jwks.json',
    '/auth/page-bar.js',
  ]
  const listed = [...page.matchAll(/^\| `(\/[^`]*)` \|/gm)].map(([, path]) => path)
  assert.ok(served.length > 8)
  assert.deepEqual(listed.toSorted(), [...served, ...elsewhere, '/healthz', '/readyz'].toSorted())
})
