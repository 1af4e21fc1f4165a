import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { Browser, type Page } from '../browser.ts'
import { type Kit, signedInBrowser, signIn, startKit } from '../kit.ts'

/** The administration console on the public listener, with the embedded issuer, which authenticates again when asked. */
const ADMINS = ['modelops-admins']
const ALICE = { username: 'alice', subject: '5a4e0000-0000-4000-8000-000000000001', name: 'Alice', enabled: true }
const PAGES = ['', '/sessions', '/projects', '/denials', '/why', '/configuration', '/reloads']
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
let kit: Kit
let root: string
let alice: Browser

before(async () => {
  kit = await startKit({
    config: { console: { enabled: true, maxSignInAgeSeconds: 600 }, access: { serviceUsers: ['ci-service'] } },
  })
  root = `${kit.url}/auth/admin`
  alice = await administrator()
})
afterEach(() => {
  kit.clock.ahead = 0
  kit.issuer.directory.add({ ...ALICE, groups: ADMINS })
})
after(() => kit?.close())

/** An administrator whom the issuer has just authenticated. */
async function administrator(): Promise<Browser> {
  const browser = new Browser()
  const page = await signIn(browser, root, 'alice')
  assert.deepEqual([page.status, page.url.pathname], [200, '/auth/admin'], page.text)
  return browser
}

const administration = () =>
  kit.logged.filter(({ event }) => event === 'administration' || event === 'session-ended-by-admin')
const tokenOf = ({ text }: Page) => /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? ''

/** Sends a form as a page of the console does, except for what is given. */
async function post(
  browser: Browser,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
) {
  const form_token = tokenOf(await browser.open(root))
  return browser.fetch(root + path, {
    method: 'POST',
    body: new URLSearchParams({ form_token, ...fields }),
    headers: { ...NAVIGATION, origin: kit.url, 'sec-fetch-site': 'same-origin', ...headers },
  })
}

test('the first visit ends at the issuer, and comes back to the same place', async () => {
  const browser = new Browser()
  const page = await browser.open(`${root}/denials?hours=1`)
  assert.equal(page.url.pathname.startsWith('/interaction/'), true)
  const back = await browser.submit(page, { username: 'alice', password: 'alice-pw' })
  assert.equal(back.url.href, `${root}/denials?hours=1`)
  assert.match(back.text, /<h1>Denials<\/h1>/)
})

test('every page opens, without a script, with the headers of the other pages', async () => {
  for (const path of PAGES) {
    const { status, headers, text } = await alice.open(root + path)
    assert.equal(status, 200, path)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none';.*frame-ancestors 'none';form-action 'self';/, path)
    assert.ok(!policy.includes('script-src') && !text.includes('<script'), path)
    assert.deepEqual(
      ['x-frame-options', 'cache-control', 'cross-origin-opener-policy', 'referrer-policy'].map((name) =>
        headers.get(name),
      ),
      ['DENY', 'no-store', 'same-origin', 'same-origin'],
      path,
    )
  }
  const seen = administration().map(({ user, action, decision }) => `${user} ${action} ${decision}`)
  for (const action of ['console.view', 'session.list', 'project.list', 'denial.list', 'configuration.read'])
    assert.ok(seen.includes(`alice ${action} allowed`), action)
})

test('HEAD is a GET without a body; other methods and other paths are denied', async () => {
  const head = await alice.fetch(root, { method: 'HEAD', headers: NAVIGATION })
  assert.deepEqual([head.status, await head.text()], [200, ''])
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, headers } = await alice.fetch(root, { method, headers: NAVIGATION })
    assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD, POST'], method)
  }
  assert.equal((await post(alice, '', {})).status, 405)
  for (const path of ['/sign-in', '/sessions/x', '/../../x', '/%2e%2e/x', 'istrator'])
    assert.ok([400, 404].includes((await alice.fetch(root + path, { headers: NAVIGATION })).status), path)
})

test('whoever is not signed in learns nothing: a page asks to sign in, a program gets 401', async () => {
  for (const path of [...PAGES, '/no-such-page']) {
    const page = await new Browser().fetch(root + path, { headers: NAVIGATION })
    const to = new URL(page.headers.get('location') ?? '', kit.url)
    assert.deepEqual(
      [page.status, to.pathname, to.searchParams.get('return_to')],
      [303, '/auth/login', `/auth/admin${path}`],
    )
    const program = await new Browser().fetch(root + path)
    assert.deepEqual([program.status, JSON.parse(await program.text()).reason], [401, 'login-required'])
  }
})

test('a member who is no administrator is denied, on every page and for every form', async () => {
  const bob = await signedInBrowser(kit, 'bob')
  for (const path of [...PAGES, '/no-such-page']) {
    const { status, text } = await bob.open(root + path)
    assert.equal(status, 403, path)
    assert.match(text, /admin-only/)
    assert.ok(!text.includes('modelops-admins'))
  }
  const sent = await bob.fetch(`${root}/sessions/end`, {
    method: 'POST',
    body: new URLSearchParams({ all: 'true' }),
    headers: { ...NAVIGATION, origin: kit.url },
  })
  assert.equal(sent.status, 403)
  assert.equal((await alice.open(root)).status, 200)
})

test('a bearer token does not open the console, although its service user is an administrator', async () => {
  const form = { grant_type: 'client_credentials', client_id: 'ci-service', client_secret: 'ci-service-secret' }
  const issued = await fetch(`${kit.issuer.url}/token`, { method: 'POST', body: new URLSearchParams(form) })
  const { access_token } = (await issued.json()) as { access_token: string }
  const authorization = `Bearer ${access_token}`
  assert.equal((await fetch(`${kit.url}/ops/`, { headers: { authorization } })).status, 200)
  for (const path of PAGES) {
    const { status, headers } = await new Browser().fetch(root + path, { headers: { authorization } })
    assert.deepEqual([status, headers.get('content-type')], [401, 'application/problem+json'], path)
  }
  const bob = await signedInBrowser(kit, 'bob')
  assert.ok([400, 403].includes((await bob.fetch(root, { headers: { ...NAVIGATION, authorization } })).status))
})

test('an administrator who loses the group loses the console with the next claims', async () => {
  const browser = await administrator()
  kit.issuer.directory.add({ ...ALICE, groups: ['project-alpha'] })
  kit.clock.ahead = 320_000 // the access token has expired: the next request gets new claims
  const { status, text } = await browser.open(root)
  assert.equal(status, 403)
  assert.match(text, /admin-only/)
})

test('an old sign-in is sent to the issuer, with max_age, and comes back to the same place', async () => {
  kit.clock.ahead = 661_000
  const first = await alice.fetch(`${root}/why?id=12345678`, { headers: NAVIGATION })
  assert.equal(first.status, 303)
  const login = new URL(first.headers.get('location') ?? '', kit.url)
  assert.deepEqual(
    [login.pathname, login.searchParams.get('return_to'), login.searchParams.get('step_up')],
    ['/auth/login', '/auth/admin/why?id=12345678', '/auth/admin'],
  )
  const started = await alice.fetch(`${login.href}&start=1`, { headers: NAVIGATION })
  const issuer = new URL(started.headers.get('location') ?? '')
  assert.deepEqual([issuer.origin, issuer.searchParams.get('max_age')], [new URL(kit.issuer.url).origin, '600'])
  kit.clock.ahead = 0
  const page = await alice.open(login)
  assert.equal(page.url.href, `${root}/why?id=12345678`)
})

test('a form of an old sign-in changes nothing, and leads back to its page', async () => {
  await signedInBrowser(kit, 'carol')
  const form_token = tokenOf(await alice.open(root))
  kit.clock.ahead = 661_000
  const sent = await alice.fetch(`${root}/sessions/end`, {
    method: 'POST',
    body: new URLSearchParams({ form_token, all: 'true' }),
    headers: { ...NAVIGATION, origin: kit.url },
  })
  const to = new URL(sent.headers.get('location') ?? '', kit.url)
  assert.deepEqual([to.pathname, to.searchParams.get('return_to')], ['/auth/login', '/auth/admin/sessions'])
  kit.clock.ahead = 0
  assert.match((await alice.open(`${root}/sessions`)).text, /carol/)
})

test('a form counts only with its proof, from the page of the same session, and from our origin', async () => {
  const other = await administrator()
  const foreign = tokenOf(await other.open(root))
  const denied: [string, Record<string, string>, Record<string, string>][] = [
    ['no proof', { form_token: '' }, {}],
    ['a proof of another session', { form_token: foreign }, {}],
    ['another origin', {}, { origin: 'https://evil.example' }],
    ['an origin of null from another site', {}, { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['another site without an origin', {}, { origin: '', 'sec-fetch-site': 'cross-site' }],
    ['a script of an application', {}, { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a frame', {}, { 'sec-fetch-dest': 'iframe' }],
  ]
  for (const [name, fields, headers] of denied) {
    const { status } = await post(alice, '/sessions/end', { all: 'true', ...fields }, headers)
    assert.equal(status, 403, name)
  }
  const json = await alice.fetch(`${root}/sessions/end`, {
    method: 'POST',
    body: JSON.stringify({ all: 'true', form_token: tokenOf(await alice.open(root)) }),
    headers: { ...NAVIGATION, origin: kit.url, 'content-type': 'application/json' },
  })
  assert.equal(json.status, 400)
  assert.equal((await other.open(root)).status, 200)
})

test('a script of an application on the same origin cannot read the console', async () => {
  for (const headers of [
    { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-mode': 'same-origin', 'sec-fetch-dest': 'empty' },
    { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
    { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    { 'sec-fetch-mode': 'navigate' },
  ]) {
    const { status } = await alice.fetch(root, { headers: headers as Record<string, string> })
    assert.equal(status, 403, JSON.stringify(headers))
  }
})

test('ends one session, then those of a user, after asking; each is recorded with who did it', async () => {
  const [bob, dave] = [await signedInBrowser(kit, 'bob'), await signedInBrowser(kit, 'dave')]
  const list = await alice.open(`${root}/sessions?search=bob`)
  const link = /href="([^"]*\/sessions\/end\?key=[^"]*)"/.exec(list.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const asked = await alice.open(new URL(link, kit.url))
  assert.match(asked.text, /End this session of bob\?/)
  assert.equal((await bob.fetch(`${kit.url}/auth/session`)).status, 200)
  const done = await alice.submit(asked)
  assert.match(done.text, /1 session ended\./)
  assert.equal((await bob.fetch(`${kit.url}/auth/session`)).status, 401)
  const ofUser = /href="([^"]*\/sessions\/end\?issuer=[^"]*)"/.exec(
    (await alice.open(`${root}/sessions?search=dave`)).text,
  )
  await alice.submit(await alice.open(new URL(ofUser?.[1]?.replaceAll('&amp;', '&') ?? '', kit.url)))
  assert.equal((await dave.fetch(`${kit.url}/auth/session`)).status, 401)
  const ends = administration().filter(({ ended }) => ended === 1)
  assert.deepEqual(
    ends.slice(-2).map(({ user, action, client, subject }) => [user, action, client, subject]),
    ['session.end', 'session.end-subject'].map((action) => ['alice', action, '127.0.0.1', ALICE.subject]),
  )
})

for (const fields of [{}, { key: 'x' }, { all: 'false' }, { all: 'true', key: 'x' }, { issuer: 'x' }] as Record<
  string,
  string
>[])
  test(`nothing ends without naming exactly what: ${JSON.stringify(fields)}`, async () => {
    assert.equal((await post(alice, '/sessions/end', fields)).status, 400)
    assert.equal(
      (await alice.fetch(`${root}/sessions/end?${new URLSearchParams(fields)}`, { headers: NAVIGATION })).status,
      400,
    )
  })

/** The ID of a request of this user that was denied. */
async function deniedRequest(browser: Browser, path: string): Promise<string> {
  const response = await browser.fetch(kit.url + path)
  assert.ok(response.status >= 400, String(response.status))
  return response.headers.get('x-request-id') ?? ''
}

test('why bob was denied: the step, the project, his groups, and the group that is missing', async () => {
  const id = await deniedRequest(await signedInBrowser(kit, 'bob'), `/notes/x?projectId=${BETA}`)
  const { text } = await alice.open(`${root}/why?id=${id}`)
  assert.match(text, /Denied: 403 <code>not-in-project<\/code>/)
  assert.match(text, /bob is in no group of the project beta\. Missing: the group project-beta\./)
  assert.match(text, /<li>project-alpha<\/li>/)
  assert.match(text, /class="denied"><strong>Decision<\/strong>: denied here/)
  assert.match(text, /class="skipped"><strong>Forwarding<\/strong>: not reached/)
  assert.match(text, /it would be denied: 403 not-in-project/)
  assert.ok(!text.includes('projectId='), 'no query')
  assert.ok(administration().some(({ action, detail }) => action === 'denial.read' && detail === id))
})

const denials: [name: string, path: string, shown: RegExp][] = [
  ['only for administrators', '/ops/', /Only administrators may do this\. bob is not in the group modelops-admins/],
  [
    'a project that does not exist',
    `/notes/?projectId=99999999-9999-4999-8999-999999999999`,
    /There is no project 99999999/,
  ],
  ['a project that is no UUID', '/notes/?projectId=x', /malformed: the request names no single project/],
  ['no route', '/nowhere', /class="denied"><strong>Route/],
  ['a path in two readings', '/notes/a%2fb', /class="denied"><strong>(Route|Request syntax)/],
]
for (const [name, path, shown] of denials)
  test(`why: ${name}`, async () => {
    const id = await deniedRequest(await signedInBrowser(kit, 'bob'), path)
    assert.match((await alice.open(`${root}/why?id=${id}`)).text, shown)
  })

test('why: a token that was not accepted is not asked again as a request of nobody', async () => {
  const response = await fetch(`${kit.url}/notes/`, { headers: { authorization: 'Bearer eyJ.not.valid' } })
  assert.equal(response.status, 401)
  const id = response.headers.get('x-request-id')
  const { text } = await alice.open(`${root}/why?id=${id}`)
  assert.match(text, /token-invalid/)
  assert.match(text, /It is not asked again: it was denied before the caller was known/)
  assert.doesNotMatch(text, /login-required/)
})

test('why: nobody was signed in', async () => {
  const id = await deniedRequest(new Browser(), '/notes/')
  const { text } = await alice.open(`${root}/why?id=${id}`)
  assert.match(text, /login-required/)
  assert.match(text, /nobody was signed in/)
})

for (const junk of [
  'x',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  "' OR 1=1 --",
  'a'.repeat(500),
  '\u0000',
  '__proto__',
])
  test(`a request ID of junk finds nothing and is shown as text: ${JSON.stringify(junk.slice(0, 30))}`, async () => {
    const { status, text } = await alice.open(`${root}/why?id=${encodeURIComponent(junk)}`)
    assert.equal(status, 200)
    assert.match(text, /not a request ID|No denial with this request ID/)
    assert.ok(!text.includes('<script'))
  })

test('what would happen, for a user with the groups of a session, and for groups that are typed', async () => {
  await signedInBrowser(kit, 'bob')
  const form = (await alice.open(`${root}/why`)).text
  const session = /<option value="([^"]{43})">bob<\/option>/.exec(form)?.[1] ?? ''
  const ask = (fields: Record<string, string>) =>
    alice.open(`${root}/why?${new URLSearchParams({ method: 'GET', ...fields })}`)
  assert.match((await ask({ session, project: ALPHA, path: '/notes/' })).text, /Allowed <code>project-member/)
  assert.match((await ask({ session, project: BETA, path: '/notes/' })).text, /Missing: the group project-beta/)
  assert.match(
    (await ask({ groups: 'auditors', project: ALPHA, path: '/notes/', method: 'POST' })).text,
    /viewer-read-only|app-denied|project-viewer/,
  )
  assert.match((await ask({ path: '/ops/' })).text, /login-required/)
  assert.match((await ask({ groups: 'modelops-admins', path: `${kit.url}/ops/` })).text, /Allowed <code>admin/)
  for (const [path, mistake] of [
    ['ops', /expected a path/],
    ['javascript:alert(1)', /expected a path/],
  ] as const)
    assert.match((await ask({ path })).text, mistake)
  assert.match((await ask({ path: '/notes/', project: 'x' })).text, /Project: expected a UUID/)
  assert.match((await ask({ path: '/notes/', session: 'x'.repeat(43) })).text, /session of this user has ended/)
})

test('any text as a path or a host gets an answer', async () => {
  const junk = [
    '/%00',
    '/\u0000',
    '/ä',
    '//',
    '/..%2f',
    'http://',
    'http://[::1',
    'https://a b/',
    `https://${'x'.repeat(900)}/`,
    '/?#',
    '/notes/%',
  ]
  for (const path of junk) {
    const { status } = await alice.open(`${root}/why?${new URLSearchParams({ path, groups: 'project-alpha' })}`)
    assert.equal(status, 200, path)
  }
})

test('denials are counted by reason, user and route, and lead to the explanation', async () => {
  const id = await deniedRequest(await signedInBrowser(kit, 'erin'), `/notes/?projectId=${ALPHA}`)
  const { text } = await alice.open(`${root}/denials?hours=1&reason=not-in-project&who=erin&place=notes`)
  assert.match(text, /1 denial in the last hour\./)
  assert.ok(text.includes(`/auth/admin/why?id=${id}`))
  assert.match((await alice.open(`${root}/denials?hours=junk&reason=<x>`)).text, /0 denials in the last 6 hours/)
})

test('hostile user names, paths and browsers are text', async () => {
  const hostile = `<img src=x onerror=alert(1)>"'`
  kit.issuer.directory.add({
    ...ALICE,
    username: hostile,
    subject: 'hostile-1',
    name: hostile,
    groups: [`<b>${hostile}`],
  })
  const browser = new Browser()
  const page = await browser.open(kit.url, { headers: { 'user-agent': hostile } })
  await browser.submit(page, { username: hostile, password: `${hostile}-pw` })
  const id = await deniedRequest(browser, `/notes/%3Cimg%20src=x%3E?projectId=${BETA}`)
  for (const path of [
    '/sessions',
    '/sessions?search=img',
    '/denials',
    `/why?id=${id}`,
    `/sessions?search=${encodeURIComponent(hostile)}`,
  ]) {
    const { text, status } = await alice.open(root + path)
    assert.equal(status, 200, path)
    assert.ok(!text.includes('<img') && !text.includes('<b>'), path)
    assert.ok(!/<[^>]*\son[a-z]+=/i.test(text.replaceAll(/"[^"]*"/g, '""')), path)
  }
  assert.match((await alice.open(`${root}/why?id=${id}`)).text, /&lt;b&gt;/)
})

test('return_to never leads away, also with step_up', async () => {
  for (const wanted of [
    'https://evil.example/auth/admin',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
  ]) {
    const browser = new Browser()
    const url = `${kit.url}/auth/login?return_to=${encodeURIComponent(wanted)}&step_up=%2Fauth%2Fadmin`
    const page = await signIn(browser, url, 'alice')
    assert.equal(page.url.origin, kit.url, wanted)
  }
})

test('search and page numbers of any size give a page', async () => {
  for (const query of [
    `search=${'x'.repeat(3000)}`,
    'offset=999999999',
    'offset=-1',
    'offset=1e9',
    'offset=99999999999999999999',
  ])
    for (const path of ['/sessions', '/projects'])
      assert.equal((await alice.open(`${root}${path}?${query}`)).status, 200, query)
})

test('the console is on the public host only, and not at all when it is off', async () => {
  const host = await alice.fetch(root, { headers: { ...NAVIGATION, host: 'other.example' } })
  assert.equal(host.status, 421)
  const off = await startKit({ config: { console: { enabled: false } } })
  try {
    const browser = await signedInBrowser(off, 'alice')
    assert.equal((await browser.open(`${off.url}/auth/admin`)).status, 404)
  } finally {
    await off.close()
  }
})
