import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import request from 'supertest'
import { accentContrast, accentOf, DARK, darkAccentFor, LIGHT } from '../../../../src/gateway/config/accent.ts'
import { contrast, LEAST_CONTRAST } from '../../../../src/gateway/config/contrast.ts'
import { buildPages } from '../../../../src/gateway/pages/pages.ts'
import { loadPictures } from '../../../../src/gateway/signin/pictures.ts'
import { ConfigurationError } from '../../../../src/shared/settings/field-errors.ts'
import { startLoginKit, testConfig } from './kit.ts'

const issuer = { url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' }
const SVG =
  '<?xml version="1.0"?>\n<!-- mark -->\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
const PNG = Buffer.from('89504e470d0a1a0a00', 'hex')
let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'branding-'))
})
after(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const configWith = (branding: Record<string, string>) => testConfig(issuer, { portal: { branding } })
const errorsOf = (branding: Record<string, string>) => {
  try {
    loadPictures(configWith(branding).portal)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.errors.map(({ path, got }) => `${path}: ${got}`)
    throw error
  }
  return []
}

test('the name, the logo, the icon and the colors are on every page, and the policy allows them and nothing else', () => {
  const pages = buildPages(
    configWith({
      name: 'Acme ML',
      logo: file('l.svg', SVG),
      icon: file('i.png', PNG),
      accent: '#8a1538',
      accentDark: '#ff9ab5',
    }),
  )
  const { html, headers } = pages.signedOut({ issuerSessionMayRemain: false })
  assert.match(html, /<title>Signed out · Acme ML<\/title>/)
  assert.match(html, /<img class="logo" src="\/auth\/branding\/logo" alt=""[^>]*>Acme ML<\/a>/)
  assert.match(html, /<link rel="icon" href="\/auth\/branding\/icon">/)
  assert.match(html, /--accent:#8a1538;[\s\S]*--accent:#ff9ab5;/)
  assert.match(headers['content-security-policy'] ?? '', /img-src data: 'self'$/)
})

test('without branding nothing is loaded', () => {
  const { html, headers } = buildPages(testConfig(issuer)).signedOut({ issuerSessionMayRemain: false })
  assert.match(html, /ModelOps gateway/)
  assert.doesNotMatch(html, /<img|branding/)
  assert.match(headers['content-security-policy'] ?? '', /img-src data:$/)
})

test('a picture has the type of its content, whatever its name, and runs no script', async () => {
  const { portal } = configWith({ logo: file('logo.png', SVG), icon: file('icon.svg', PNG) })
  const { app } = startLoginKit(issuer, {}, { pictures: loadPictures(portal) })
  for (const [path, type] of [
    ['/auth/branding/logo', 'image/svg+xml'],
    ['/auth/branding/icon', 'image/png'],
  ] as const) {
    const response = await request(app).get(path)
    assert.equal(response.status, 200)
    assert.equal(response.get('content-type'), type)
    assert.equal(response.get('x-content-type-options'), 'nosniff')
    assert.equal(response.get('content-security-policy'), "default-src 'none';style-src 'unsafe-inline';sandbox")
  }
  const { app: plain } = startLoginKit(issuer)
  assert.equal((await request(plain).get('/auth/branding/logo')).status, 404)
})

test('what is no picture, is too large or is not there is refused, with all errors together', () => {
  const script = file('s.svg', '<html><svg></svg><script>alert(1)</script></html>')
  assert.deepEqual(errorsOf({ logo: script }), [`portal.branding.logo: another type of file: ${script}`])
  const large = file('large.png', Buffer.concat([PNG, Buffer.alloc(256 * 1024)]))
  const missing = join(folder, 'missing.svg')
  assert.deepEqual(errorsOf({ logo: large, icon: missing }), [
    `portal.branding.logo: ${256 * 1024 + PNG.length} bytes: ${large}`,
    `portal.branding.icon: ENOENT (no such file): ${missing}`,
  ])
})

const wrong: [string, Record<string, string>, RegExp][] = [
  ['a remote logo', { logo: 'https://cdn.example/logo.svg' }, /portal\.branding\.logo: expected a path of a file/],
  ['a data URL', { icon: 'data:image/png;base64,AAAA' }, /portal\.branding\.icon: expected a path of a file/],
  ['a color by name', { accent: 'red' }, /portal\.branding\.accent: expected a color/],
  ['a color that ends the rule', { accent: '#123456;}*{' }, /portal\.branding\.accent: expected a color/],
  [
    'yellow on white',
    { accent: '#ffd400' },
    /portal\.branding\.accent: expected a contrast of 4\.5 .*got 1\.\d \(#ffd400\)/,
  ],
  ['navy on black', { accentDark: '#101060' }, /portal\.branding\.accentDark: expected a contrast of 4\.5/],
  ['an empty name', { name: '' }, /portal\.branding\.name: expected 1 to 60/],
]
for (const [what, branding, text] of wrong)
  test(`${what} is a configuration error`, () => assert.throws(() => configWith(branding), text))

test('contrast is that of WCAG', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21)
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48')
})

test('any accent gets a dark one that can be read, and text on it that can be read', () => {
  for (const accent of ['#000000', '#1f54c4', '#8a1538', '#006644', '#5b2a86', '#777777']) {
    assert.ok(accentContrast(darkAccentFor(accent), DARK) >= LEAST_CONTRAST, accent)
    for (const scheme of [LIGHT, DARK]) {
      const { onAccent } = accentOf(accent, scheme)
      assert.ok(contrast(onAccent, accent) >= 4.4, `${accent} ${onAccent}`)
    }
  }
})
