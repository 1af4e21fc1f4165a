import assert from 'node:assert/strict'
import { test } from 'node:test'
import { login, startSessions } from './kit.ts'

const OLD = 'the-previous-secret-of-at-least-32-bytes'
const NEW = 'the-current-secret-of-at-least-32-bytes'

/** A session from before the rotation, and the gateway after it, with the same store. */
async function rotated(secrets: string[]) {
  const before = startSessions({ session: { secrets: [OLD] } })
  const signedIn = await before.signIn()
  return { ...signedIn, ...startSessions({ backend: before.backend, clock: before.clock, session: { secrets } }) }
}

test('a session from before a rotation of the secret stays valid', async () => {
  const { sessions, session, cookie } = await rotated([NEW, OLD])
  assert.equal(sessions.peek(cookie), undefined)
  assert.deepEqual(await sessions.load(cookie), session)
})

test('a change seals an older session with the first secret, and its cookie stays valid', async () => {
  const { sessions, backend, session, cookie } = await rotated([NEW, OLD])
  const sealedBefore = (await backend.get(session.key))?.sealed.split('.')[0]
  const selected = await sessions.selectProject(session, '11111111-1111-4111-8111-111111111111')
  assert.notEqual((await backend.get(session.key))?.sealed.split('.')[0], sealedBefore)
  assert.deepEqual(await sessions.load(cookie), selected)
})

test('a session of the previous secret ends by subject, by sid and by the next sign-in', async () => {
  const bySubject = await rotated([NEW, OLD])
  assert.equal(await bySubject.sessions.endBySubject('https://sso.example', 'alice-sub'), 1)
  const bySid = await rotated([NEW, OLD])
  assert.equal(await bySid.sessions.endBySid('https://sso.example', 'issuer-session-1'), 1)
  const byLogin = await rotated([NEW, OLD])
  await byLogin.sessions.create(login(), byLogin.cookie)
  assert.equal(await byLogin.sessions.load(byLogin.cookie), undefined)
})

test('after a secret is withdrawn its sessions are gone, and no request fails', async () => {
  const { sessions, cookie } = await rotated([NEW])
  assert.equal(sessions.peek(cookie), 'none')
  assert.equal(await sessions.load(cookie), undefined)
  const { total, sessions: listed } = await sessions.list({ offset: 0, limit: 10 })
  assert.deepEqual([total, listed], [1, []])
})

test('during a rotation replicas accept the sessions of each other', async () => {
  const ahead = startSessions({ session: { secrets: [NEW, OLD] } })
  const behind = startSessions({ backend: ahead.backend, clock: ahead.clock, session: { secrets: [OLD, NEW] } })
  const [first, second] = [await ahead.signIn(), await behind.signIn()]
  assert.ok(await behind.sessions.load(first.cookie))
  assert.ok(await ahead.sessions.load(second.cookie))
  assert.equal(await ahead.sessions.endBySubject('https://sso.example', 'alice-sub'), 2)
})
