import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../../../src/gateway/errors.ts'
import type { SessionRecord } from '../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { cookieHeader, login, MovedClock, START, startSessions } from './kit.ts'

const COOKIE_NAME = '__Host-modelops_gateway'

test('a new session is valid at once, in this process and in one that starts later', async () => {
  const { sessions, backend, clock, signIn } = startSessions()
  const { session, cookie } = await signIn()
  assert.equal(sessions.peek(cookie), session)
  const later = startSessions({ backend, clock })
  assert.equal(later.sessions.peek(cookie), undefined)
  assert.deepEqual(await later.sessions.load(cookie), session)
  assert.deepEqual(later.sessions.peek(cookie), session)
})

test('a request without the cookie has no session and reads no store', async () => {
  const { sessions } = startSessions()
  for (const header of [undefined, '', 'theme=dark', 'a=1; b=2']) {
    assert.equal(sessions.peek(header), 'none')
    assert.equal(await sessions.load(header), undefined)
  }
})

test('an ended session is invalid at once', async () => {
  const { sessions, signIn } = startSessions()
  const { session, cookie } = await signIn()
  await sessions.endByKey(session.key)
  assert.equal(sessions.peek(cookie), undefined)
  assert.equal(await sessions.load(cookie), undefined)
})

test('a sign-in creates a new id and ends the session that the browser had', async () => {
  const { sessions, signIn } = startSessions()
  const before = await signIn()
  const ended: string[] = []
  sessions.onEnded((key) => ended.push(key))
  const { session, setCookie } = await sessions.create(login(), `theme=dark; ${before.cookie}`)
  assert.notEqual(cookieHeader(setCookie), before.cookie)
  assert.deepEqual(ended, [before.session.key])
  assert.equal(await sessions.load(before.cookie), undefined)
  assert.equal(sessions.peek(cookieHeader(setCookie)), session)
})

test('a sign-in never adopts an id that an attacker chose', async () => {
  const { sessions } = startSessions()
  const planted = `${COOKIE_NAME}=${'A'.repeat(43)}.${'A'.repeat(20)}`
  const { setCookie } = await sessions.create(login(), planted)
  assert.ok(!setCookie.includes('AAAA'))
  assert.equal(await sessions.load(planted), undefined)
})

test('the store contains neither the cookie nor anything of the user in clear text', async () => {
  const { backend, signIn } = startSessions()
  const { cookie } = await signIn()
  const stored = JSON.stringify(await backend.list({ offset: 0, limit: 10 }))
  const id = cookie.slice(cookie.indexOf('=') + 1).split('.')[0] ?? ''
  assert.equal(id.length, 43)
  for (const secret of [id, 'alice', 'access-1', 'refresh-1', 'issuer-session-1', 'project-alpha']) {
    assert.ok(!stored.includes(secret), secret)
  }
})

test('a store key used as a cookie is no session', async () => {
  const { sessions, signIn } = startSessions()
  const { session } = await signIn()
  for (const value of [session.key, `${session.key}.${session.key.slice(0, 20)}`]) {
    assert.equal(sessions.peek(`${COOKIE_NAME}=${value}`), 'none')
  }
})

test('a selected project stays with the session and can be unselected', async () => {
  const { sessions, backend, clock, signIn } = startSessions()
  const { session, cookie } = await signIn()
  const selected = await sessions.selectProject(session, '11111111-1111-4111-8111-111111111111')
  assert.equal(selected.selectedProject, '11111111-1111-4111-8111-111111111111')
  assert.equal(sessions.peek(cookie), selected)
  assert.deepEqual(await startSessions({ backend, clock }).sessions.load(cookie), selected)
  assert.ok(!('selectedProject' in (await sessions.selectProject(selected, undefined))))
})

test('a project cannot be selected in a session that ended', async () => {
  const { sessions, signIn } = startSessions()
  const { session } = await signIn()
  await sessions.endByKey(session.key)
  await assert.rejects(
    sessions.selectProject(session, '11111111-1111-4111-8111-111111111111'),
    (error) => error instanceof Refusal && error.reason === 'login-required',
  )
})

/** A store whose writes are confirmed late: in between, the session ends. */
class LateStore extends MemoryBackend {
  meanwhile: (key: string) => Promise<unknown> = async () => {}

  override async create(record: SessionRecord): Promise<void> {
    await super.create(record)
    await this.meanwhile(record.key)
  }

  override async replace(record: SessionRecord, revision: number): Promise<number | undefined> {
    const replaced = await super.replace(record, revision)
    await this.meanwhile(record.key)
    return replaced
  }
}

test('a session that ends while it is being written does not come back', async () => {
  const clock = new MovedClock()
  const backend = new LateStore(clock.read)
  const { sessions, signIn } = startSessions({ clock, backend })
  const { session, cookie } = await signIn()
  backend.meanwhile = (key) => backend.end(key)
  await sessions.selectProject(session, '11111111-1111-4111-8111-111111111111')
  assert.equal(sessions.peek(cookie), undefined)
  assert.equal(await sessions.load(cookie), undefined)
  const next = await signIn()
  assert.equal(sessions.peek(next.cookie), undefined)
  assert.equal(await sessions.load(next.cookie), undefined)
})

test('ending by subject ends all sessions of that subject at that issuer and no others', async () => {
  const { sessions, signIn } = startSessions()
  const { principal } = login()
  const [first, second] = [await signIn(), await signIn()]
  const other = await signIn({ principal: { ...principal, subject: 'bob-sub' } })
  const elsewhere = await signIn({ principal: { ...principal, issuer: 'https://other.example' } })
  assert.equal(await sessions.endBySubject(principal.issuer, principal.subject), 2)
  for (const { cookie } of [first, second]) assert.equal(await sessions.load(cookie), undefined)
  for (const { cookie, session } of [other, elsewhere]) assert.equal(await sessions.load(cookie), session)
})

test('ending by sid ends the sessions that began in that session at the issuer and no others', async () => {
  const { sessions, signIn } = startSessions()
  const first = await signIn()
  const other = await signIn({ sid: 'issuer-session-2' })
  assert.equal(await sessions.endBySid('https://other.example', 'issuer-session-1'), 0)
  assert.equal(await sessions.endBySid('https://sso.example', 'issuer-session-1'), 1)
  assert.equal(await sessions.load(first.cookie), undefined)
  assert.equal(await sessions.load(other.cookie), other.session)
})

test('administration lists unexpired sessions, newest first, and ends one by its key', async () => {
  const { sessions, signIn } = startSessions()
  const first = await signIn({ userAgent: `Browser ${'x'.repeat(500)}` })
  const second = await signIn()
  const { total, sessions: page } = await sessions.list({ offset: 0, limit: 10 })
  assert.equal(total, 2)
  assert.deepEqual(
    page.map(({ key }) => key),
    [second.session.key, first.session.key],
  )
  assert.equal(page[1]?.userAgent?.length, 200)
  assert.equal(await sessions.endByKey(first.session.key), true)
  assert.equal(await sessions.endByKey(first.session.key), false)
  assert.equal(await sessions.load(first.cookie), undefined)
})

test('a name is claimed once until the claim expires', async () => {
  const { sessions, clock } = startSessions()
  assert.equal(await sessions.claimOnce('state-1', 600), true)
  assert.equal(await sessions.claimOnce('state-1', 600), false)
  clock.advance(600)
  assert.equal(await sessions.claimOnce('state-1', 600), true)
})

test('many requests with one cookie read the store once', async () => {
  const clock = new MovedClock()
  const backend = new MemoryBackend(clock.read)
  const { cookie } = await startSessions({ backend, clock }).signIn()
  let reads = 0
  const get = backend.get.bind(backend)
  backend.get = (key) => {
    reads++
    return get(key)
  }
  const { sessions } = startSessions({ backend, clock })
  const found = await Promise.all(Array.from({ length: 200 }, () => sessions.load(cookie)))
  assert.equal(reads, 1)
  assert.ok(found.every((session) => session?.createdAt === START))
})
