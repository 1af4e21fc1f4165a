import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { descriptorsOf, tcpSockets } from '../../../long-run/probe/descriptors.ts'
import { failuresOf } from '../../../long-run/report/failures.ts'
import { flatnessOf, median } from '../../../long-run/report/flatness.ts'
import { differencesOfRest } from '../../../long-run/report/rest.ts'
import type { RunResult } from '../../../long-run/report/result.ts'
import type { Sample } from '../../../long-run/report/samples.ts'
import { GOOD, MIB, MINUTES, sample, samples, withReplica } from './good-run.ts'

const grown = (change: (minute: number) => Partial<Sample>) =>
  flatnessOf(samples(change), MINUTES).filter(({ isFlat }) => !isFlat)
const namesOf = (change: (minute: number) => Partial<Sample>) => grown(change).map(({ measure }) => measure.name)

test('what stays the same is flat, and so is what only rises while everything warms up', () => {
  assert.deepEqual(
    grown(() => ({})),
    [],
  )
  assert.deepEqual(
    grown((minute) => ({ rss: Math.min(minute, 3) * 40 * MIB })),
    [],
  )
})

test('resident memory may rise in the first half, and not in the second; a heap may not rise in either', () => {
  const rises = (minute: number) => 20 * Math.min(minute, MINUTES / 2) * MIB
  assert.deepEqual(
    namesOf((minute) => ({ rss: rises(minute) })),
    [],
  )
  assert.deepEqual(
    namesOf((minute) => ({ rss: rises(minute - MINUTES / 2) })),
    ['resident memory'],
  )
  assert.deepEqual(
    namesOf((minute) => ({ heapUsed: rises(minute) })),
    ['heap after a collection'],
  )
})

test('a saw of garbage is flat, a heap that grows by 0.3 MiB a minute is not', () => {
  assert.deepEqual(
    namesOf((minute) => ({ heapUsed: (30 + (minute % 0.5) * 20) * MIB })),
    [],
  )
  assert.deepEqual(
    namesOf((minute) => ({ heapUsed: (30 + minute * 0.3) * MIB })),
    ['heap after a collection'],
  )
})

test('descriptors, sockets, timers and handles that grow by one a minute are named', () => {
  const count = (minute: number) => Math.floor(minute)
  assert.deepEqual(
    namesOf((minute) => ({
      descriptors: { count: 28 + count(minute), kinds: {}, states: { CLOSE_WAIT: count(minute) } },
    })),
    ['open descriptors', 'sockets'],
  )
  assert.deepEqual(
    namesOf((minute) => ({ timers: { 3600000: count(minute) }, resources: { Timeout: count(minute) } })),
    ['timers', 'handles'],
  )
})

test('a quarter without a sample is an error, not a flat one', () => {
  assert.throws(() => flatnessOf([sample(0)], MINUTES), /at least one sample in each quarter/)
  assert.throws(() => median([]), /at least one sample/)
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
})

test('whatever is more or less than before the traffic is named, by its kind', () => {
  assert.deepEqual(differencesOfRest(sample(0), sample(1)), [])
  const after = sample(1, {
    timers: { 1000: 4 },
    resources: {},
    descriptors: { count: 29, kinds: { 'Redis socket': 2, '/dev/null': 1 }, states: { ESTABLISHED: 1, CLOSE_WAIT: 1 } },
  })
  assert.deepEqual(differencesOfRest(sample(0), after), [
    'descriptors /dev/null: 0 before, 1 after',
    'sockets ESTABLISHED: 2 before, 1 after',
    'sockets CLOSE_WAIT: 0 before, 1 after',
    'timers of ms 1000: 3 before, 4 after',
    'handles TCPSocketWrap: 2 before, 0 after',
  ])
})

test('timers of a calculated time count together', () => {
  const [before, after] = [sample(0, { timers: { 28006: 1 } }), sample(1, { timers: { 24011: 1 } })]
  assert.deepEqual(differencesOfRest(before, after), [])
  assert.deepEqual(differencesOfRest(before, sample(1, { timers: { 24011: 1, 24012: 1 } })), [
    'timers of ms calculated: 1 before, 2 after',
  ])
})

test('a good run has no failure', () => {
  assert.deepEqual(failuresOf(GOOD), [])
})

const FAILURES: readonly (readonly [RegExp, RunResult])[] = [
  [/^no response was right$/, { ...GOOD, total: { right: 0, excused: 0, wrong: 0 } }],
  [/^1 wrong responses/, { ...GOOD, total: { right: 1, excused: 0, wrong: 1 } }],
  [/^no session was refreshed$/, { ...GOOD, refreshes: 0 }],
  [/^an error in a log: internal$/, { ...GOOD, denials: { proven: 1, unexpected: ['internal'] } }],
  [/^replica-0: resident memory grew/, withReplica({ samples: samples((minute) => ({ rss: minute * 20 * MIB })) })],
  [/^replica-0 after the traffic: a timer$/, withReplica({ left: ['a timer'] })],
  [/expected exit code 0 after SIGTERM, received null/, withReplica({ exit: { code: null, seconds: 1 } })],
  [/ended 11.0 s after SIGTERM/, withReplica({ exit: { code: 0, seconds: 11 } })],
]
for (const [message, result] of FAILURES)
  test(`a run fails with ${message.source}`, () => {
    const failures = failuresOf(result)
    assert.equal(failures.length, 1)
    assert.match(failures[0] ?? '', message)
  })

test('the descriptors of a process are counted by what they are', () => {
  const ports = { own: {}, remote: {} }
  const devNull = () => descriptorsOf(process.pid, ports).kinds['/dev/null'] ?? 0
  const before = devNull()
  const descriptor = openSync('/dev/null', 'r')
  assert.equal(devNull(), before + 1)
  closeSync(descriptor)
  assert.equal(devNull(), before)
})

test('sockets have the ports and the state of the kernel’s table', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:18EB 0100007F:B5F4 08 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0`
  assert.deepEqual([...tcpSockets(table)], [['4711', { local: 6379, remote: 46580, state: 'CLOSE_WAIT' }]])
})

test('timers are counted by their duration, with and without a reference', () => {
  const script = `
    import { waitingTimers } from ${JSON.stringify(new URL('../../../long-run/probe/timers.ts', import.meta.url).href)}
    setInterval(() => undefined, 7000)
    for (let i = 0; i < 2; i += 1) setTimeout(() => undefined, 5000).unref()
    console.log(JSON.stringify(waitingTimers()))
    process.exit()`
  const { stdout } = spawnSync(process.execPath, ['--expose-internals', '--input-type=module', '-e', script])
  assert.deepEqual(JSON.parse(String(stdout)), { 5000: 2, 7000: 1 })
})
