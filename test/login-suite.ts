import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA, BETA } from '../infra/issuer/users.ts'
import { freePort } from '../infra/parts/ports.ts'
import type { RunningServer } from '../src/gateway/runtime/start.ts'
import { Browser, type Page } from './browser.ts'
import { type MovedClock, startGateway } from './kit.ts'
import { type Recorder, startRecorder } from './recorder.ts'

/** An issuer that the suite can run against, with the users of the realm `shared`. */
export interface SuiteIssuer {
  readonly url: string
  /** Adds a user to a group while the issuer runs. */
  addToGroup(username: string, group: string): Promise<void>
  /** Creates a user in `project-alpha` and in that many more groups. The password is `<username>-pw`. */
  addUserInGroups(username: string, groups: number): Promise<void>
  /** Ends every session of the user, as an administrator does. */
  disable(username: string): Promise<void>
  close(): Promise<void>
}

const ROUTES = [
  { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
  { name: 'lobby', app: 'generic', path: '/lobby', access: 'login' },
]

/** Longer than the lifetime of an access token at either issuer, in milliseconds. */
const PAST_TOKEN_EXPIRY = 301_000

/** What sign-in must do with every issuer: the same tests run against the embedded issuer and a real Keycloak. */
export function loginSuite(start: (gatewayUrl: string) => Promise<SuiteIssuer>): void {
  let issuer: SuiteIssuer
  let upstream: Recorder
  let gateway: RunningServer
  let url: string
  const clock: MovedClock = { ahead: 0 }

  before(async () => {
    const port = await freePort()
    url = `http://localhost:${port}`
    issuer = await start(url)
    upstream = await startRecorder()
    const parts = { port, issuerUrl: issuer.url, upstream: upstream.url, host: 'localhost', routes: ROUTES, clock }
    gateway = await startGateway(parts)
  })
  after(async () => {
    await gateway?.close()
    await upstream?.close()
    await issuer?.close()
  })

  const isAtIssuer = (page: Page) => page.url.origin === new URL(issuer.url).origin

  async function signIn(browser: Browser, path: string, username: string): Promise<Page> {
    const form = await browser.open(url + path)
    assert.ok(isAtIssuer(form), `expected the issuer's form, got ${form.url.href} (${form.status})`)
    return await browser.submit(form, { username, password: `${username}-pw` })
  }

  test('a deep link leads through the sign-in and back to itself', async () => {
    const page = await signIn(new Browser(), '/notes/a/b?x=1&y=%20', 'bob')
    assert.equal(page.status, 200)
    assert.equal(page.url.href, `${url}/notes/a/b?x=1&y=%20`)
    assert.deepEqual(upstream.lastValues('aoa-project-id'), [ALPHA])
    assert.doesNotMatch(upstream.lastValues('cookie').join(), /modelops_gateway/)
  })

  test('one sign-in serves every route', async () => {
    const browser = new Browser()
    await signIn(browser, '/notes/', 'bob')
    const second = await browser.open(`${url}/lobby/`)
    assert.equal(second.status, 200)
    assert.equal(second.url.href, `${url}/lobby/`)
  })

  test('a user without any group signs in and is told that there is no project', async () => {
    const page = await signIn(new Browser(), '/notes/', 'erin')
    assert.deepEqual([page.url.href, page.status], [`${url}/notes/`, 400])
    assert.match(page.text, /not a member of any project/)
  })

  test('a member of another project is denied', async () => {
    const browser = new Browser()
    await signIn(browser, '/lobby/', 'bob')
    const page = await browser.open(`${url}/notes/?projectId=${BETA}`)
    assert.equal(page.status, 403)
    assert.match(page.text, /not-in-project/)
  })

  test('a wrong password stays at the issuer', async () => {
    const browser = new Browser()
    const form = await browser.open(`${url}/lobby/`)
    const again = await browser.submit(form, { username: 'bob', password: 'guess' })
    assert.ok(isAtIssuer(again))
    assert.equal((await browser.fetch(`${url}/auth/session`)).status, 401)
  })

  test('signing out ends the session here and at the issuer, and the old cookie is no longer valid', async () => {
    const browser = new Browser()
    await signIn(browser, '/lobby/', 'carol')
    const oldCookie = browser.cookieHeader(new URL(url))
    const leaving = await browser.submit(await browser.open(`${url}/auth/logout`))
    const confirm = leaving.url.origin === url ? await browser.submit(leaving) : leaving
    const done = isAtIssuer(confirm) ? await browser.submit(confirm) : confirm
    assert.equal(done.url.pathname, '/auth/signed-out')
    const replay = await new Browser().fetch(`${url}/auth/session`, { headers: { cookie: oldCookie } })
    assert.equal(replay.status, 401)
    assert.ok(isAtIssuer(await browser.open(`${url}/lobby/`)), 'the issuer asks for the password again')
  })

  test('a group added at the issuer counts after the next refresh, without signing in again', async (t) => {
    t.after(() => {
      clock.ahead = 0
    })
    const browser = new Browser()
    await signIn(browser, '/lobby/', 'carol')
    assert.equal((await browser.fetch(`${url}/notes/?projectId=${ALPHA}`)).status, 403)
    await issuer.addToGroup('carol', 'project-alpha')
    clock.ahead = PAST_TOKEN_EXPIRY
    assert.equal((await browser.fetch(`${url}/notes/?projectId=${ALPHA}`)).status, 200)
  })

  test('a user in 300 groups signs in, works and signs out', async () => {
    await issuer.addUserInGroups('grace', 300)
    const browser = new Browser()
    const page = await signIn(browser, '/notes/', 'grace')
    assert.equal(page.status, 200)
    assert.deepEqual(upstream.lastValues('aoa-project-id'), [ALPHA])
    const leaving = await browser.submit(await browser.open(`${url}/auth/logout`))
    const confirm = leaving.url.origin === url ? await browser.submit(leaving) : leaving
    const done = isAtIssuer(confirm) ? await browser.submit(confirm) : confirm
    assert.equal(done.url.pathname, '/auth/signed-out')
  })

  test('a user disabled at the issuer loses access when the tokens are refreshed', async (t) => {
    t.after(() => {
      clock.ahead = 0
    })
    const browser = new Browser()
    await signIn(browser, '/lobby/', 'dave')
    await issuer.disable('dave')
    clock.ahead = PAST_TOKEN_EXPIRY
    assert.equal((await browser.fetch(`${url}/lobby/`)).status, 401)
  })
}
