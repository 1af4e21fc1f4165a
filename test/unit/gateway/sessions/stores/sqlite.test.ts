import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Refusal } from '../../../../../src/gateway/errors.ts'
import type { RefreshTokens } from '../../../../../src/gateway/sessions/refresh/refresher.ts'
import { StoreDown } from '../../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../../src/gateway/sessions/stores/memory.ts'
import { openBackend } from '../../../../../src/gateway/sessions/stores/open.ts'
import { SqliteBackend } from '../../../../../src/gateway/sessions/stores/sqlite.ts'
import { MovedClock, START, startSessions, testConfig } from '../kit.ts'

const withFile = (name: string, body: (path: string) => Promise<void>) =>
  test(name, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'modelops-gateway-'))
    try {
      await body(join(folder, 'sessions.db'))
    } finally {
      await rm(folder, { recursive: true })
    }
  })

const record = (key: string, expiresAt: number) => ({ key, subjectKey: 's', sidKey: undefined, sealed: 'x', expiresAt })

withFile('sessions survive a restart', async (path) => {
  const clock = new MovedClock()
  const before = startSessions({ clock, backend: new SqliteBackend(path, clock.read) })
  const { session, cookie } = await before.signIn()
  await before.sessions.close()
  const after = startSessions({ clock, backend: new SqliteBackend(path, clock.read) })
  assert.deepEqual(await after.sessions.load(cookie), session)
  await after.sessions.close()
})

withFile('a session that another process ended is refused here within a second', async (path) => {
  const clock = new MovedClock()
  const { sessions, signIn } = startSessions({ clock, backend: new SqliteBackend(path, clock.read) })
  const { session, cookie } = await signIn()
  assert.equal(sessions.peek(cookie), session)
  const heard = new Promise((resolve) => sessions.onEnded(resolve))
  const source = new URL('../../../../../src/gateway/sessions/stores/sqlite.ts', import.meta.url)
  const script = `const { SqliteBackend } = await import(${JSON.stringify(source.href)})
    const backend = new SqliteBackend(${JSON.stringify(path)}, () => ${START})
    await backend.end(${JSON.stringify(session.key)})
    await backend.close()`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  const ended = performance.now()
  assert.equal(await heard, session.key)
  assert.ok(performance.now() - ended < 1000)
  assert.equal(sessions.peek(cookie), undefined)
  assert.equal(await sessions.load(cookie), undefined)
  await sessions.close()
})

withFile('a process keeps in its cache what it changed itself', async (path) => {
  const clock = new MovedClock()
  const { sessions, signIn } = startSessions({ clock, backend: new SqliteBackend(path, clock.read) })
  const witness = new SqliteBackend(path, clock.read)
  const { session, cookie } = await signIn()
  const heard = new Promise((resolve) => witness.onChange(resolve))
  const selected = await sessions.selectProject(session, '11111111-1111-4111-8111-111111111111')
  await heard
  assert.equal(sessions.peek(cookie), selected)
  await Promise.all([sessions.close(), witness.close()])
})

withFile('200 requests at each of two processes refresh an expired token once', async (path) => {
  const clock = new MovedClock()
  let refreshes = 0
  const refresh: RefreshTokens = async ({ principal }) => {
    const accessToken = `new-${++refreshes}`
    await new Promise((resolve) => setTimeout(resolve, 20))
    return { principal, tokens: { accessToken, accessExpiresAt: START + 36_000_000, idToken: 'id-2' } }
  }
  const start = () => startSessions({ clock, refresh, backend: new SqliteBackend(path, clock.read) })
  const [first, second] = [start(), start()]
  const { cookie } = await first.signIn({}, 300)
  clock.advance(301)
  const loads = [first, second].flatMap(({ sessions }) => Array.from({ length: 200 }, () => sessions.load(cookie)))
  const tokens = new Set((await Promise.all(loads)).map((session) => session?.tokens.accessToken))
  assert.deepEqual([refreshes, [...tokens]], [1, ['new-1']])
  await Promise.all([first.sessions.close(), second.sessions.close()])
})

withFile('a locked file is a store that is down, and responds again afterwards', async (path) => {
  const clock = new MovedClock()
  const backend = new SqliteBackend(path, clock.read, 1)
  const { sessions, signIn } = startSessions({ clock, backend })
  const { session, cookie } = await signIn()
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  await assert.rejects(
    sessions.endByKey(session.key),
    (error) => error instanceof Refusal && error.reason === 'store-down',
  )
  assert.equal(sessions.peek(cookie), session)
  assert.ok(await backend.get(session.key), 'it can be read')
  await assert.rejects(backend.ping(), StoreDown)
  other.exec('ROLLBACK')
  await backend.ping()
  other.close()
  await sessions.endByKey(session.key)
  assert.equal(await sessions.load(cookie), undefined)
  await sessions.close()
})

withFile('a closed store is down for every operation', async (path) => {
  const backend = new SqliteBackend(path, () => START)
  await backend.close()
  await backend.close()
  const operations = [
    () => backend.get('a'),
    () => backend.create(record('a', START + 1000)),
    () => backend.replace(record('a', START + 1000), 1),
    () => backend.touch('a', START + 1000),
    () => backend.end('a'),
    () => backend.endBySubject('s'),
    () => backend.endBySid('s'),
    () => backend.list({ offset: 0, limit: 1 }),
    () => backend.claimOnce('a', 1),
    () => backend.acquireLease('a', 1),
    () => backend.ping(),
  ]
  for (const operation of operations) await assert.rejects(operation, StoreDown, String(operation))
})

withFile('a file with other contents is refused at start and left as it is', async (path) => {
  await writeFile(path, 'these are notes, and no database'.repeat(100))
  const { size } = await stat(path)
  assert.throws(() => new SqliteBackend(path, () => START), StoreDown)
  assert.equal((await stat(path)).size, size)
})

withFile('a file of a later version is refused at start', async (path) => {
  const later = new DatabaseSync(path)
  later.exec('PRAGMA user_version = 99')
  later.close()
  assert.throws(
    () => new SqliteBackend(path, () => START),
    (error) => error instanceof StoreDown && error.message.includes('got version 99'),
  )
})

withFile('only the owner may read the file', async (path) => {
  const backend = new SqliteBackend(path, () => START)
  await backend.create(record('a', START + 1000))
  for (const suffix of ['', '-wal']) assert.equal((await stat(path + suffix)).mode & 0o077, 0, suffix)
  await backend.close()
})

withFile('expired records are deleted from the file', async (path) => {
  const clock = new MovedClock()
  const backend = new SqliteBackend(path, clock.read)
  await backend.create(record('old', START + 1000))
  await backend.claimOnce('old', 1)
  await backend.acquireLease('old', 1)
  await backend.end('never')
  clock.advance(61)
  await backend.create(record('new', clock.now + 1000))
  const file = new DatabaseSync(path)
  const rows = ['sessions', 'claims', 'leases', 'changes'].map(
    (table) => file.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n,
  )
  assert.deepEqual(rows, [1, 0, 0, 0])
  file.close()
  await backend.close()
})

withFile('subject, sid and expiry are found by index, never by reading the whole table', async (path) => {
  await new SqliteBackend(path, () => START).close()
  const file = new DatabaseSync(path)
  const conditions = [
    'key = ?',
    'subject_key = ? AND expires_at > 1',
    'sid_key = ? AND expires_at > 1',
    'expires_at <= ?',
  ]
  for (const condition of conditions) {
    const plan = file.prepare(`EXPLAIN QUERY PLAN DELETE FROM sessions WHERE ${condition}`).get('1')
    assert.match(String(plan?.detail), /^SEARCH .* USING .*INDEX/, condition)
  }
  file.close()
})

withFile('session.store names the backend', async (path) => {
  const open = (store: string) => openBackend(testConfig({ store }), () => START)
  const backend = await open(`sqlite:${path}`)
  assert.ok(backend instanceof SqliteBackend)
  await backend.close()
  assert.ok((await open('memory')) instanceof MemoryBackend)
  await assert.rejects(open(`sqlite:${path}/no/such/folder.db`), StoreDown)
})
