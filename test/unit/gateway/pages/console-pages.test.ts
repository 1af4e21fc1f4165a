import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { configurationPage } from '../../../../src/gateway/pages/console/configuration-page.ts'
import { buildConsolePages } from '../../../../src/gateway/pages/console/console-pages.ts'
import { denialsPage } from '../../../../src/gateway/pages/console/denials-page.ts'
import { consoleDeniedPage } from '../../../../src/gateway/pages/console/denied-page.ts'
import { overviewPage } from '../../../../src/gateway/pages/console/overview-page.ts'
import { projectsPage } from '../../../../src/gateway/pages/console/projects-page.ts'
import { reloadsPage } from '../../../../src/gateway/pages/console/reloads-page.ts'
import { endSessionsPage, sessionsPage } from '../../../../src/gateway/pages/console/sessions-pages.ts'
import { tokenSignInPage } from '../../../../src/gateway/pages/console/sign-in-page.ts'
import { whyPage } from '../../../../src/gateway/pages/console/why-page.ts'
import type { PageContent } from '../../../../src/gateway/pages/layout.ts'
import { ALPHA, testConfig } from '../signin/kit.ts'

const HOSTILE = `"'><script>alert(1)</script>&<img src=x onerror=alert(1)>`
const NOW = Date.UTC(2026, 0, 2)
const fake = { url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' }
const branded = testConfig(fake, { portal: { branding: { name: 'Acme', logo: 'docs/picture.svg' } } })
const render = buildConsolePages(branded, true)
const frame = { base: '/auth/admin', actor: HOSTILE, formToken: HOSTILE, signOut: '/auth/logout', now: NOW }

const session = {
  key: HOSTILE,
  issuer: HOSTILE,
  subject: HOSTILE,
  username: HOSTILE,
  device: HOSTILE,
  address: HOSTILE,
}
const counted = [{ name: HOSTILE, about: HOSTILE, count: 3, lastAt: NOW - 1000 }]
const verdict = {
  ...{ allowed: false, status: 403, reason: HOSTILE, text: HOSTILE, hint: HOSTILE },
  facts: [[HOSTILE, HOSTILE]] as const,
  steps: [{ title: HOSTILE, about: HOSTILE, state: 'denied' as const }],
  comparison: {
    ...{ held: [HOSTILE], moreHeld: 2, conclusion: HOSTILE },
    needed: [{ group: HOSTILE, gives: HOSTILE, isHeld: false }],
  },
}

const contents: Record<string, PageContent> = {
  overview: overviewPage(frame, {
    issuer: { url: HOSTILE, state: 'not-responding', fault: HOSTILE },
    store: { kind: HOSTILE, fault: HOSTILE, milliseconds: 0 },
    audit: { sinks: [{ name: HOSTILE, queued: 1, fault: HOSTILE }], deniesWrites: true },
    applications: [{ name: HOSTILE, upstream: HOSTILE, state: 'not-responding' }],
    process: { version: HOSTILE, workers: 2, startedAt: 0, draining: true },
    lastReload: { at: 0, result: 'failure' },
    denials: { total: 3, reasons: counted },
    journal: { dropped: 5, fault: HOSTILE },
  }),
  sessions: sessionsPage(frame, {
    ...{ search: HOSTILE, offset: 50, limit: 50, total: 200, searched: 200, notice: HOSTILE },
    sessions: [{ ...session, createdAt: NOW - 90_000_000, lastSeenAt: NOW }],
  }),
  'end sessions': endSessionsPage(frame, {
    ...{ question: HOSTILE, about: HOSTILE, button: HOSTILE, fields: { [HOSTILE]: HOSTILE } },
  }),
  projects: projectsPage(frame, {
    ...{ search: HOSTILE, source: HOSTILE, offset: 25, limit: 25, total: 99, sessions: 1 },
    projects: [
      {
        ...{ id: ALPHA, name: HOSTILE, groups: [HOSTILE], viewerGroups: [HOSTILE], moreMembers: 4 },
        members: [{ username: HOSTILE, subject: HOSTILE, role: HOSTILE, since: 0 }],
      },
    ],
  }),
  denials: denialsPage(frame, {
    ...{ hours: 6, filter: { who: HOSTILE, place: HOSTILE }, total: 1, dropped: 2, allReasons: [HOSTILE] },
    ...{ reasons: counted, users: counted, places: counted },
    denials: [
      {
        ...{ requestId: HOSTILE, at: NOW, who: HOSTILE, method: HOSTILE, path: HOSTILE, place: HOSTILE },
        ...{ reason: HOSTILE, status: 403 },
      },
    ],
  }),
  why: whyPage(frame, {
    ...{ id: HOSTILE, notFound: HOSTILE, mistake: HOSTILE, methods: [HOSTILE], answer: verdict },
    found: { ...verdict, requestId: HOSTILE, at: NOW, now: HOSTILE },
    question: { session: HOSTILE, groups: HOSTILE, project: HOSTILE, method: HOSTILE, path: HOSTILE },
    users: [{ key: HOSTILE, name: HOSTILE }],
    projects: [{ id: HOSTILE, name: HOSTILE }],
  }),
  configuration: configurationPage(frame, { sections: [{ name: 'a', values: [{ path: HOSTILE, value: HOSTILE }] }] }),
  reloads: reloadsPage(frame, {
    startedAt: 0,
    reloads: [
      { at: 0, result: 'failure', changed: [], errors: [HOSTILE] },
      { at: 0, result: 'success', changed: [HOSTILE], errors: [] },
    ],
  }),
  'sign-in': tokenSignInPage({ action: HOSTILE, mistake: HOSTILE, accountUrl: HOSTILE }),
  denied: consoleDeniedPage({ base: HOSTILE, reason: 'internal', explain: HOSTILE, requestId: HOSTILE }),
}

const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

for (const [name, content] of Object.entries(contents)) {
  const { html, headers } = render(content)

  test(`the page "${name}" of the console shows hostile values as text`, () => {
    assert.ok(!html.includes('<img src=x') && !html.includes('<script'))
    assert.ok(!/<[^>]*\son[a-z]+=/i.test(html.replaceAll(/"[^"]*"/g, '""')), 'no event handler')
    assert.ok(!/(?:href|action)="javascript:/i.test(html))
  })

  test(`the page "${name}" of the console allows its own style by hash, no script, and forms to itself`, () => {
    const policy = headers['content-security-policy'] ?? ''
    const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text = '']) => sha256(text))
    assert.equal(styles.length, 1)
    assert.ok(policy.includes(`style-src ${styles[0]}`))
    assert.ok(policy.startsWith("default-src 'none';") && policy.includes("form-action 'self';"))
    assert.ok(!policy.includes('script-src') && !policy.includes('unsafe') && !html.includes(' style='))
  })

  test(`the page "${name}" of the console has landmarks, one heading of the first level, and names for its fields`, () => {
    assert.equal(html.match(/<h1/g)?.length, 1)
    assert.match(html, /<html lang="en">/)
    assert.match(html, /<main id="main">/)
    const fields = html.match(/<(?:input(?! type="hidden")|select)/g)?.length ?? 0
    assert.equal(html.match(/<label>/g)?.length ?? 0, fields)
    for (const [, table = ''] of html.matchAll(/<table([\s\S]*?)<\/table>/g)) assert.match(table, /<caption>/)
  })
}

test('the admin listener, which serves no pictures, shows none', () => {
  const page = (isPublic: boolean) => buildConsolePages(branded, isPublic)(contents.overview as PageContent).html
  assert.match(page(true), /<img class="logo" src="\/auth\/branding\/logo"/)
  assert.ok(!page(false).includes('/auth/branding/'))
  assert.match(page(false), /Acme/)
})
