import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionBackend, SessionRecord } from '../../src/gateway/sessions/stores/backend.ts'

/** One empty store under test. */
export interface StoreUnderTest {
  /** Connects as another process. The memory store returns the same backend each time. */
  connect(): Promise<SessionBackend>
  /** The clock of the store, in milliseconds since the epoch. */
  now(): number
  /** Advances the clock of the store, or waits if the store has its own clock. */
  advance(seconds: number): Promise<void>
  close(): Promise<void>
}

const HOUR_MS = 3_600_000
/** What must not expire before its next use: a Redis has its own clock, and a busy machine may take a second for a command. */
const BUSY_SECONDS = 3
/** The longest time until a process is notified of a change that another process made. */
const NOTIFIED_WITHIN_MS = 1000

async function eventually(condition: () => boolean, message: () => string): Promise<void> {
  const giveUpAt = performance.now() + NOTIFIED_WITHIN_MS
  while (!condition()) {
    assert.ok(performance.now() < giveUpAt, message())
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** What every session store must do. */
export function backendContract(name: string, open: () => Promise<StoreUnderTest>): void {
  const check = (behaviour: string, body: (store: StoreUnderTest, backend: SessionBackend) => Promise<void>) =>
    test(`${name}: ${behaviour}`, async () => {
      const store = await open()
      try {
        await body(store, await store.connect())
      } finally {
        await store.close()
      }
    })

  const record = (store: StoreUnderTest, key: string, more: Partial<SessionRecord> = {}): SessionRecord => ({
    key,
    subjectKey: 'alice',
    sidKey: 'sid-1',
    sealed: `sealed-${key}`,
    expiresAt: store.now() + HOUR_MS,
    ...more,
  })

  check('a created record is read back with revision 1, by every process', async (store, backend) => {
    const created = record(store, 'a')
    await backend.create(created)
    const other = await store.connect()
    for (const reader of [backend, other]) assert.deepEqual(await reader.get('a'), { ...created, revision: 1 })
    assert.equal(await backend.get('b'), undefined)
  })

  check('a record without sid is read back without one', async (store, backend) => {
    await backend.create(record(store, 'a', { sidKey: undefined }))
    assert.equal((await backend.get('a'))?.sidKey, undefined)
  })

  check('a key is created once', async (store, backend) => {
    await backend.create(record(store, 'a'))
    await assert.rejects(backend.create(record(store, 'a', { subjectKey: 'mallory' })))
    assert.equal((await backend.get('a'))?.subjectKey, 'alice')
  })

  check('a replacement needs the current revision and gets the next one', async (store, backend) => {
    await backend.create(record(store, 'a'))
    assert.equal(await backend.replace(record(store, 'a', { sealed: 'second', sidKey: 'sid-2' }), 1), 2)
    assert.equal(await backend.replace(record(store, 'a', { sealed: 'late' }), 1), undefined)
    assert.equal(await backend.replace(record(store, 'a', { sealed: 'early' }), 7), undefined)
    const stored = await backend.get('a')
    assert.deepEqual([stored?.sealed, stored?.sidKey, stored?.revision], ['second', 'sid-2', 2])
    assert.deepEqual(await backend.endBySid('sid-1'), [])
    assert.deepEqual(await backend.endBySid('sid-2'), ['a'])
  })

  check('of many writers with the same revision exactly one is accepted', async (store, backend) => {
    await backend.create(record(store, 'a'))
    const other = await store.connect()
    const writes = Array.from({ length: 20 }, (_, n) =>
      (n % 2 ? other : backend).replace(record(store, 'a', { sealed: `writer-${n}` }), 1),
    )
    const accepted = (await Promise.all(writes)).filter((revision) => revision !== undefined)
    assert.deepEqual(accepted, [2])
  })

  check('a replacement or a touch never restores an ended record', async (store, backend) => {
    await backend.create(record(store, 'a'))
    await backend.end('a')
    assert.equal(await backend.replace(record(store, 'a'), 1), undefined)
    await backend.touch('a', store.now() + HOUR_MS)
    assert.equal(await backend.get('a'), undefined)
    assert.equal((await backend.list({ offset: 0, limit: 10 })).total, 0)
  })

  check('a touch moves the expiry and nothing else', async (store, backend) => {
    await backend.create(record(store, 'a', { expiresAt: store.now() + BUSY_SECONDS * 1000 }))
    const later = store.now() + HOUR_MS
    await backend.touch('a', later)
    await store.advance(BUSY_SECONDS + 0.1)
    assert.deepEqual(await backend.get('a'), { ...record(store, 'a', { expiresAt: later }), revision: 1 })
    assert.equal(await backend.replace(record(store, 'a'), 1), 2)
  })

  check('ending returns whether there was a session', async (store, backend) => {
    await backend.create(record(store, 'a'))
    assert.equal(await backend.end('a'), true)
    assert.equal(await backend.end('a'), false)
    assert.equal(await backend.end('never'), false)
  })

  check('ending by subject or sid ends those sessions and no others', async (store, backend) => {
    await backend.create(record(store, 'a1'))
    await backend.create(record(store, 'a2', { sidKey: 'sid-2' }))
    await backend.create(record(store, 'a3', { sidKey: undefined }))
    await backend.create(record(store, 'b1', { subjectKey: 'bob' }))
    await backend.create(record(store, 'b2', { subjectKey: 'bob', sidKey: 'sid-3' }))
    assert.deepEqual((await backend.endBySid('sid-1')).sort(), ['a1', 'b1'])
    assert.deepEqual((await backend.endBySubject('alice')).sort(), ['a2', 'a3'])
    assert.deepEqual(await backend.endBySubject('alice'), [])
    assert.ok(await backend.get('b2'))
    assert.equal((await backend.list({ offset: 0, limit: 10 })).total, 1)
  })

  check('a sid with a subject ends the sessions that have both, and no other', async (store, backend) => {
    await backend.create(record(store, 'a1', { subjectKey: 'alice', sidKey: 'sid-1' }))
    await backend.create(record(store, 'a2', { subjectKey: 'alice', sidKey: 'sid-1' }))
    await backend.create(record(store, 'a3', { subjectKey: 'alice', sidKey: 'sid-2' }))
    await backend.create(record(store, 'b1', { subjectKey: 'bob', sidKey: 'sid-1' }))
    assert.deepEqual(await backend.endBySid('sid-1', 'carol'), [])
    assert.deepEqual(await backend.endBySid('sid-2', 'bob'), [])
    assert.equal((await backend.list({ offset: 0, limit: 10 })).total, 4)
    assert.deepEqual((await backend.endBySid('sid-1', 'alice')).sort(), ['a1', 'a2'])
    assert.deepEqual(await backend.endBySid('sid-1', 'alice'), [])
    assert.ok(await backend.get('a3'))
    assert.deepEqual(await backend.endBySid('sid-1'), ['b1'], 'it is still found by its sid')
  })

  check('a list is paged, newest first, with the total number', async (store, backend) => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await backend.create(record(store, key))
      await store.advance(0.01)
    }
    const keys = async (offset: number, limit: number) => {
      const { total, records } = await backend.list({ offset, limit })
      assert.equal(total, 5)
      return records.map(({ key }) => key).join('')
    }
    assert.equal(await keys(0, 2), 'ed')
    assert.equal(await keys(2, 2), 'cb')
    assert.equal(await keys(4, 2), 'a')
    assert.equal(await keys(5, 2), '')
  })

  check('an expired record does not exist for any operation', async (store, backend) => {
    await backend.create(record(store, 'a', { expiresAt: store.now() + 1000 }))
    await backend.create(record(store, 'b'))
    await store.advance(1.1)
    assert.equal(await backend.get('a'), undefined)
    assert.equal(await backend.replace(record(store, 'a'), 1), undefined)
    await backend.touch('a', store.now() + HOUR_MS)
    assert.equal(await backend.get('a'), undefined)
    const { total, records } = await backend.list({ offset: 0, limit: 10 })
    assert.deepEqual([total, records.map(({ key }) => key)], [1, ['b']])
    assert.deepEqual(await backend.endBySubject('alice'), ['b'])
    assert.equal(await backend.end('a'), false)
  })

  check('a name is claimed by one of many callers, and again after it has expired', async (store) => {
    const processes = await Promise.all([store.connect(), store.connect(), store.connect()])
    const claim = async () => {
      const claims = processes.flatMap((each) =>
        Array.from({ length: 20 }, () => each.claimOnce('state', BUSY_SECONDS)),
      )
      return (await Promise.all(claims)).filter(Boolean).length
    }
    assert.equal(await claim(), 1)
    assert.equal(await claim(), 0)
    await store.advance(BUSY_SECONDS + 0.1)
    assert.equal(await claim(), 1)
  })

  check('a lease has one holder until it is released', async (store, backend) => {
    const other = await store.connect()
    const held = await backend.acquireLease('refresh a', 5)
    assert.ok(held)
    assert.equal(await other.acquireLease('refresh a', 5), undefined)
    assert.equal(await backend.acquireLease('refresh a', 5), undefined)
    assert.ok(await other.acquireLease('refresh b', 5))
    await held.release()
    const next = await other.acquireLease('refresh a', 5)
    assert.ok(next && next.token > held.token)
  })

  check('a lease expires, and its former holder can neither renew nor release the next one', async (store, backend) => {
    const other = await store.connect()
    const late = await backend.acquireLease('refresh a', 1)
    await store.advance(1.1)
    const held = await other.acquireLease('refresh a', 5)
    assert.ok(late && held && held.token > late.token)
    assert.equal(await late.renew(5), false)
    await late.release()
    assert.equal(await backend.acquireLease('refresh a', 5), undefined)
  })

  check('a renewed lease stays held', async (store, backend) => {
    const held = await backend.acquireLease('refresh a', BUSY_SECONDS)
    await store.advance(1.8)
    assert.equal(await held?.renew(BUSY_SECONDS), true)
    await store.advance(1.8)
    assert.equal(await backend.acquireLease('refresh a', BUSY_SECONDS), undefined)
    await store.advance(1.8)
    assert.equal(await held?.renew(BUSY_SECONDS), false)
    assert.ok(await backend.acquireLease('refresh a', BUSY_SECONDS))
  })

  check('every process is notified of replaced and ended sessions within a second', async (store, backend) => {
    const other = await store.connect()
    const notified: string[][] = [[], []]
    for (const [n, each] of [backend, other].entries()) {
      each.onChange(({ key, ended }) => notified[n]?.push(`${key} ${ended ? 'ended' : 'changed'}`))
    }
    for (const key of ['a', 'b', 'c']) await backend.create(record(store, key, { sidKey: `sid-${key}` }))
    await backend.replace(record(store, 'a'), 1)
    await backend.end('a')
    await backend.endBySid('sid-b')
    await backend.endBySubject('alice')
    const expected = ['a changed', 'a ended', 'b ended', 'c ended']
    for (const list of notified)
      await eventually(
        () => list.length >= expected.length,
        () => `notified ${list.join()}`,
      )
    assert.deepEqual(notified, [expected, expected])
  })

  check('this process is notified of a change before the write resolves', async (store, backend) => {
    await backend.create(record(store, 'a'))
    const notified: string[] = []
    backend.onChange(({ key }) => notified.push(key))
    await backend.end('a')
    assert.deepEqual(notified, ['a'])
  })

  check('a listener that unsubscribed is no longer notified', async (store, backend) => {
    await backend.create(record(store, 'a'))
    const notified: string[] = []
    const unsubscribe = backend.onChange(({ key }) => notified.push(key))
    backend.onChange(({ key }) => notified.push(`still ${key}`))
    unsubscribe()
    await backend.end('a')
    assert.deepEqual(notified, ['still a'])
  })

  const entry = (store: StoreUnderTest, id: string) => ({ id, at: store.now(), sealed: `sealed ${id}` })
  const LIMITS = { keep: 3, keepMs: HOUR_MS }

  check('a journal is read newest first, in pages, and by ID, by every process', async (store, backend) => {
    const other = await store.connect()
    const [a, b, c] = [entry(store, 'a'), entry(store, 'b'), entry(store, 'c')]
    await backend.appendJournal('denials', [a, b], LIMITS)
    await other.appendJournal('denials', [c], LIMITS)
    for (const reader of [backend, other]) {
      assert.deepEqual(await reader.readJournal('denials', { offset: 0, limit: 2 }), [c, b])
      assert.deepEqual(await reader.readJournal('denials', { offset: 2, limit: 2 }), [a])
      assert.deepEqual(await reader.findInJournal('denials', 'b'), b)
    }
    assert.equal(await backend.findInJournal('denials', 'never'), undefined)
    assert.equal(await backend.findInJournal('other', 'b'), undefined)
    assert.deepEqual(await backend.readJournal('other', { offset: 0, limit: 9 }), [])
  })

  check('a journal keeps the newest entries, and each ID once', async (store, backend) => {
    const entries = ['a', 'b', 'c', 'd', 'e'].map((id) => entry(store, id))
    await backend.appendJournal('denials', entries.slice(0, 2), LIMITS)
    await backend.appendJournal('denials', entries.slice(1), LIMITS)
    const ids = (await backend.readJournal('denials', { offset: 0, limit: 9 })).map(({ id }) => id)
    assert.deepEqual(ids, ['e', 'd', 'c'])
    assert.equal(await backend.findInJournal('denials', 'a'), undefined)
    await backend.appendJournal('denials', [{ ...entry(store, 'e'), sealed: 'another' }], LIMITS)
    assert.deepEqual(await backend.findInJournal('denials', 'e'), entries[4])
  })

  check('a journal forgets entries that are too old when others are added', async (store, backend) => {
    const limits = { keep: 3, keepMs: 1000 }
    await backend.appendJournal('denials', [entry(store, 'a')], limits)
    await store.advance(1.1)
    await backend.appendJournal('denials', [entry(store, 'b')], limits)
    const ids = (await backend.readJournal('denials', { offset: 0, limit: 9 })).map(({ id }) => id)
    assert.deepEqual(ids, ['b'])
  })

  check('an available store responds to a ping', async (_store, backend) => {
    await assert.doesNotReject(backend.ping())
  })
}
