import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { DenialJournal } from '../../../../src/gateway/console/denials/denial-journal.ts'
import type { DenialRecord } from '../../../../src/gateway/console/denials/denial-record.ts'
import { findDenial, readDenials } from '../../../../src/gateway/console/denials/recent-denials.ts'
import { SealedJournal } from '../../../../src/gateway/sessions/journal/sealed-journal.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { MovedClock, SECRET } from '../sessions/kit.ts'

const HOUR_MS = 3_600_000
let clock: MovedClock
let backend: MemoryBackend
let journal: SealedJournal
let denials: DenialJournal

beforeEach(() => {
  clock = new MovedClock()
  backend = new MemoryBackend(clock.read)
  journal = new SealedJournal(backend, [SECRET])
  denials = process()
})

/** Another process on the same store. */
const process = () => new DenialJournal({ clock: clock.read, journal: () => journal })

function record(requestId: string, username?: string): DenialRecord {
  const caller = { issuer: 'i', subject: `${username}-sub`, kind: 'person', via: 'session', groups: ['a'] } as const
  return {
    ...{ requestId, at: clock.now, reason: 'not-in-project', status: 403, detail: 'd', step: 'decide' as const },
    ...{ method: 'GET', host: 'o.example', path: '/a', client: '192.0.2.1' },
    ...(username !== undefined && { caller: { ...caller, username } }),
  }
}

const add = (id: string, user?: string, caller = user ?? '192.0.2.1', to = denials) =>
  to.add(user === undefined ? 'anonymous' : 'known', caller, () => record(id, user))
const recent = async () => (await readDenials(journal, clock.now - HOUR_MS)).denials.map(({ requestId }) => requestId)

test('a denial is found by its request ID, and in the list, whichever process denied it', async () => {
  const other = process()
  add('id-1', 'bob')
  clock.advance(1)
  add('id-2', undefined, '192.0.2.1', other)
  await Promise.all([denials.flush(), other.flush()])
  assert.equal((await findDenial(journal, 'id-1'))?.caller?.username, 'bob')
  assert.equal((await findDenial(journal, 'id-2'))?.caller, undefined)
  assert.equal(await findDenial(journal, 'id-3'), undefined)
  assert.deepEqual(await recent(), ['id-2', 'id-1'])
})

test('the store learns nothing of a denial but its ID and time', async () => {
  add('id-1', 'bob')
  await denials.flush()
  const [entry] = await backend.readJournal('denials', { offset: 0, limit: 1 })
  assert.deepEqual([entry?.id, entry?.at], ['id-1', clock.now])
  for (const secret of ['bob', 'not-in-project', 'o.example', '192.0.2.1']) assert.ok(!entry?.sealed.includes(secret))
  const withdrawn = new SealedJournal(backend, ['another-secret-of-the-tests-with-32-bytes'])
  assert.equal(await findDenial(withdrawn, 'id-1'), undefined)
  const rotated = new SealedJournal(backend, ['another-secret-of-the-tests-with-32-bytes', SECRET])
  assert.ok(await findDenial(rotated, 'id-1'))
})

test('an entry that is moved to another ID or journal does not open', async () => {
  add('id-1', 'bob')
  await denials.flush()
  const [entry] = await backend.readJournal('denials', { offset: 0, limit: 1 })
  const limits = { keep: 10, keepMs: HOUR_MS }
  await backend.appendJournal('denials', [{ id: 'id-2', at: clock.now, sealed: entry?.sealed ?? '' }], limits)
  await backend.appendJournal('denials-anonymous', [{ id: 'id-3', at: clock.now, sealed: entry?.sealed ?? '' }], limits)
  assert.deepEqual(await recent(), ['id-1'])
})

test('adding writes nothing by itself: a second later everything is written at once', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const writes = mock.method(backend, 'appendJournal')
    for (let n = 0; n < 10; n++) add(`id-${n}`, 'bob')
    assert.equal(writes.mock.callCount(), 0)
    mock.timers.tick(1000)
    await denials.flush()
    assert.equal(writes.mock.callCount(), 1)
    assert.equal((await recent()).length, 10)
  } finally {
    mock.timers.reset()
  }
})

test('a flood without a session neither loads the store nor pushes out a denial of a user', async () => {
  const writes = mock.method(backend, 'appendJournal')
  add('bobs', 'bob')
  for (let second = 0; second < 100; second++) {
    for (let n = 0; n < 500; n++) add(`flood-${second}-${n}`, undefined, `198.51.100.${n % 250}-${second}`)
    await denials.flush()
    clock.advance(1)
  }
  const entries = writes.mock.calls.reduce((sum, { arguments: [, batch] }) => sum + batch.length, 0)
  assert.ok(entries <= 1 + 100 * 20 + 3, `${entries} entries were written`)
  assert.ok(await findDenial(journal, 'bobs'))
  assert.equal((await backend.readJournal('denials-anonymous', { offset: 0, limit: 9999 })).length, 1000)
  assert.equal(denials.state.dropped, 50_000 - 2000)
})

test('a user who is denied all the time does not push out the others', async () => {
  for (let minute = 0; minute < 3; minute++) {
    for (let n = 0; n < 200; n++) add(`busy-${minute}-${n}`, 'busy')
    await denials.flush()
    for (let n = 0; n < 200; n++) add(`again-${minute}-${n}`, 'busy')
    await denials.flush()
    clock.advance(61)
  }
  const kept = await recent()
  assert.equal(kept.length, 3 * 60)
  add('bobs', 'bob')
  await denials.flush()
  assert.ok(await findDenial(journal, 'bobs'))
})

test('what was not kept is counted, for every process to show', async () => {
  for (let n = 0; n < 75; n++) add(`id-${n}`, 'bob', `caller-${n}`)
  await denials.flush()
  assert.equal(denials.state.dropped, 25)
  assert.equal((await readDenials(journal, clock.now - HOUR_MS)).dropped, 25)
  clock.advance(3601)
  assert.equal((await readDenials(journal, clock.now - HOUR_MS)).dropped, 0)
})

test('a store that fails is shown, and nothing is thrown; it is forgotten when the store works again', async () => {
  const failing = mock.method(backend, 'appendJournal', () => Promise.reject(new Error('no response')))
  add('lost', 'bob')
  await denials.flush()
  assert.deepEqual(denials.state, { dropped: 1, fault: 'no response' })
  failing.mock.restore()
  add('kept', 'bob')
  await denials.flush()
  assert.deepEqual(denials.state, { dropped: 1, fault: undefined })
  assert.deepEqual(await recent(), ['kept'])
})

test('two that flush at once both wait for every write: the store may be closed afterwards', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const append = backend.appendJournal.bind(backend)
  mock.method(backend, 'appendJournal', (...all: Parameters<typeof append>) => gate.then(() => append(...all)))
  add('one', 'bob')
  let isDone = false
  const [first, second] = [denials.flush(), denials.flush()]
  void second.then(() => {
    isDone = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isDone, false)
  open()
  await Promise.all([first, second])
  assert.deepEqual(await recent(), ['one'])
})

test('a record that cannot be made is counted, and throws nothing', () => {
  denials.add('known', 'bob', () => {
    throw new TypeError('a bug')
  })
  assert.deepEqual(denials.state, { dropped: 1, fault: 'a bug' })
})

test('denials are kept for 24 hours', async () => {
  add('old', 'bob')
  await denials.flush()
  clock.advance(24 * 3600 + 1)
  add('new', 'bob')
  await denials.flush()
  assert.equal(await findDenial(journal, 'old'), undefined)
  assert.ok(await findDenial(journal, 'new'))
})
