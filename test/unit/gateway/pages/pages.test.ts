import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { REASONS, type Reason } from '../../../../src/gateway/errors.ts'
import { Html, html } from '../../../../src/gateway/pages/html.ts'
import { buildPages, type Page } from '../../../../src/gateway/pages/pages.ts'
import { ALPHA, BETA, testConfig } from '../signin/kit.ts'

const HOSTILE = `"'><script>alert(1)</script>&<img src=x onerror=alert(1)>`
const fake = { url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' }
const pages = buildPages(testConfig(fake))
const who = { username: HOSTILE, name: HOSTILE, email: HOSTILE }
const project = { id: ALPHA, name: HOSTILE, groups: [], viewerGroups: [] }
const projects = [
  { project, role: 'editor' as const },
  { project: { ...project, id: BETA }, role: 'admin' as const },
]
const applications = [
  { title: HOSTILE, href: `/x${HOSTILE}`, about: HOSTILE, api: { address: HOSTILE, description: HOSTILE } },
]

const details = { time: new Date(0), method: 'GET', path: HOSTILE, project: HOSTILE }

const all: Record<string, Page> = {
  portal: pages.portal({ who, admin: true, applications, projects, selected: ALPHA }),
  chooser: pages.chooser({ who, projects, selected: ALPHA, returnTo: HOSTILE }),
  connect: pages.connect({
    ...{ who, project },
    sections: [{ title: HOSTILE, about: HOSTILE, snippets: [{ label: HOSTILE, text: HOSTILE }] }],
  }),
  'empty chooser': pages.chooser({ who, projects: [], returnTo: '/' }),
  refusal: pages.refusal({ reason: 'login-required', requestId: HOSTILE, details, who, loginUrl: HOSTILE }),
  'refusal of an anonymous caller': pages.refusal({ reason: 'issuer-down', requestId: HOSTILE, details }),
  'refusal that can be tried again': pages.refusal({
    ...{ reason: 'upstream-down', requestId: HOSTILE, details, who, application: HOSTILE, retryUrl: `/x${HOSTILE}` },
    ...{ traceId: HOSTILE, known: { name: HOSTILE, editorGroups: [HOSTILE] } },
  }),
  'anonymous refusal that can be tried again': pages.refusal({
    reason: 'issuer-down',
    requestId: 'r',
    details,
    retryUrl: '/x',
  }),
  'confirm logout': pages.confirmLogout({ who, returnTo: HOSTILE }),
  leave: pages.leave({ endpoint: 'https://sso.example/logout', fields: { [HOSTILE]: HOSTILE } }),
  'signed out': pages.signedOut({ issuerSessionMayRemain: true, returnTo: HOSTILE }),
  start: pages.start(HOSTILE),
  continue: pages.continue(HOSTILE),
}

const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

for (const [name, page] of Object.entries(all)) {
  test(`the page "${name}" shows hostile values as text`, () => {
    assert.ok(!page.html.includes('<img'))
    assert.ok(!page.html.includes('<script>alert'))
    const names = page.html.replaceAll(/"[^"]*"/g, '""')
    assert.ok(!/<[^>]*\son[a-z]+=/i.test(names), 'no event handler')
  })

  test(`the page "${name}" allows its own style and script by hash, and nothing else`, () => {
    const policy = page.headers['content-security-policy'] ?? ''
    const styles = [...page.html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text = '']) => sha256(text))
    const scripts = [...page.html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text = '']) => sha256(text))
    assert.ok(
      policy.startsWith(
        "default-src 'none';base-uri 'none';object-src 'none';frame-ancestors 'none';form-action 'self'",
      ),
    )
    assert.equal(/style-src ([^;]+)/.exec(policy)?.[1], styles.join(' '))
    assert.equal(/script-src ([^;]+)/.exec(policy)?.[1], scripts.length > 0 ? scripts.join(' ') : undefined)
    assert.ok(!policy.includes('unsafe'))
    assert.ok(!/\sstyle=/.test(page.html), 'no inline style')
  })

  test(`the page "${name}" is not cached, framed or sniffed, and has no referrer for other sites`, () => {
    const { headers } = page
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.equal(headers['strict-transport-security'], 'max-age=31536000')
    assert.equal(headers['x-powered-by'], undefined)
    const hasForm = page.html.includes('action="/auth/')
    assert.equal(headers['referrer-policy'], hasForm ? 'same-origin' : 'no-referrer')
    assert.ok(!/(src|href)="(https?:)?\/\/(?!sso)/.test(page.html), 'no resource of another site')
  })

  test(`the page "${name}" has a language, a title, one main landmark and one heading`, () => {
    assert.match(page.html, /<html lang="en">/)
    assert.match(page.html, /<title>[^<]+<\/title>/)
    for (const once of [/<main\b/g, /<h1\b/g, /<header\b/g]) assert.equal(page.html.match(once)?.length, 1)
    assert.ok(!/<input(?![^>]*type="hidden")/.test(page.html), 'no input without a label')
  })
}

test('every reason has a page with its text, its hint and the request ID', () => {
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const page = pages.refusal({ reason, requestId: 'r-1', details, who: { username: 'alice' } }).html
    const { text, hint } = REASONS[reason]
    for (const words of [text, hint, reason, 'r-1', 'alice']) assert.ok(page.includes(words), `${reason}: ${words}`)
  }
})

test('signing in is offered where it helps and nowhere else', () => {
  const offers = (reason: Reason) =>
    pages.refusal({ reason, requestId: 'r-1', details, loginUrl: '/auth/login' }).html.includes('href="/auth/login"')
  assert.deepEqual([offers('login-required'), offers('login-expired'), offers('not-in-project')], [true, true, false])
})

test('trying again is offered where it may help and where a link can do it, and nowhere else', () => {
  const offers = (reason: Reason, retryUrl?: string) =>
    pages.refusal({ reason, requestId: 'r-1', details, retryUrl }).html.includes('>Try again</a>')
  const temporary: Reason[] = ['upstream-down', 'upstream-timeout', 'upstream-not-ready', 'issuer-down', 'store-down']
  for (const reason of temporary) assert.deepEqual([offers(reason, '/x'), offers(reason)], [true, false], reason)
  for (const reason of ['not-in-project', 'app-denied', 'upstream-invalid', 'internal', 'no-route'] as const)
    assert.equal(offers(reason, '/x'), false, reason)
})

test('HSTS is sent only where the public origin is https', () => {
  const plain = buildPages(testConfig(fake, { server: { publicUrl: 'http://localhost:4180' } }))
  assert.equal(plain.start('/').headers['strict-transport-security'], undefined)
})

test('the page that continues at the issuer may send its form there', () => {
  const policy = all.leave?.headers['content-security-policy'] ?? ''
  assert.match(policy, /form-action 'self' https:\/\/o\.example https:\/\/api\.example https:\/\/sso\.example https:/)
})

test('the html tag escapes in text and attributes, keeps its own markup and renders undefined and false as nothing', () => {
  const made = html`<a title="${'"\'<>&'}">${['a', html`<b>${'<'}</b>`, undefined, false, 7]}</a>`
  assert.ok(made instanceof Html)
  assert.equal(made.toString(), '<a title="&quot;&#39;&lt;&gt;&amp;">a<b>&lt;</b>7</a>')
})

test('a denial has its details as text, and a button to copy them for browsers with scripts', () => {
  const { html: page } = pages.refusal({
    ...{ reason: 'not-in-project', requestId: 'r-1', traceId: 't-1', who: { username: 'bob' } },
    details: { time: new Date('2026-05-04T03:02:01.999Z'), method: 'GET', path: '/mlflow/beta/', project: 'beta' },
  })
  const [, text] = /<pre [^>]*>([^<]*)<\/pre>/.exec(page) ?? []
  assert.deepEqual(text?.split('\n'), [
    ...['Time: 2026-05-04T03:02:01Z', 'Request ID: r-1', 'Trace ID: t-1', 'Reason: not-in-project (403)'],
    ...['Request: GET /mlflow/beta/', 'Project: beta', 'User: bob'],
  ])
  assert.match(page, /<script>[^<]*Copy details for your administrator/)
})

test('a denial without a trace, a project, a user or a readable path has no lines for them', () => {
  const unknown = { time: new Date(0), method: 'GET', path: undefined, project: undefined }
  const { html: page } = pages.refusal({ reason: 'path-ambiguous', requestId: 'r-1', details: unknown })
  assert.match(
    page,
    />Time: 1970-01-01T00:00:00Z\nRequest ID: r-1\nReason: path-ambiguous \(400\)\nRequest: GET<\/pre>/,
  )
  assert.ok(!page.includes('Trace ID'))
})

test('a long path is shortened', () => {
  const long = { ...details, path: `/${'x'.repeat(5000)}` }
  const { html: page } = pages.refusal({ reason: 'no-route', requestId: 'r-1', details: long })
  assert.match(page, /Request: GET \/x{299} \.\.\.\n/)
})

test('the groups with the missing role are named, at most ten of them, and none where there are none', () => {
  const pageFor = (editorGroups: string[]) =>
    pages.refusal({ reason: 'viewer-read-only', requestId: 'r', details, known: { name: 'alpha', editorGroups } }).html
  assert.match(pageFor(['team-a']), /Editors of alpha are members of this group: <strong>team-a<\/strong>\./)
  const many = Array.from({ length: 12 }, (_, index) => `g${index}`)
  assert.match(pageFor(many), /one of these groups: <strong>g0, .*g9 and 2 more<\/strong>/)
  assert.ok(!pageFor([]).includes('Editors of'))
})
