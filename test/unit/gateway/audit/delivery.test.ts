import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Delivery } from '../../../../src/gateway/audit/delivery.ts'
import type { Entry, Sink } from '../../../../src/gateway/audit/sinks/sink.ts'
import { countedMetrics, entryOf, logLines, notice } from './kit.ts'

/** A sink that writes when the test says so. */
class HeldSink implements Sink {
  readonly written: Entry[] = []
  closed = 0
  mode: 'works' | 'fails' | 'stalls' = 'works'
  attempts = 0
  #release: (() => void)[] = []
  #wake: (() => void)[] = []

  async write(batch: readonly Entry[]): Promise<void> {
    this.attempts += 1
    for (const wake of this.#wake.splice(0)) wake()
    if (this.mode === 'stalls') await new Promise<void>((resolve) => this.#release.push(resolve))
    if (this.mode === 'fails') throw new Error('no space')
    this.written.push(...batch)
    for (const wake of this.#wake.splice(0)) wake()
  }

  async close(): Promise<void> {
    this.closed += 1
  }

  release(mode: 'works' | 'fails'): void {
    this.mode = mode
    for (const release of this.#release.splice(0)) release()
  }

  async until(test: () => boolean): Promise<void> {
    while (!test()) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }
}

function start(capacity = 100) {
  const [sink, metrics, { log, lines }] = [new HeldSink(), countedMetrics(), logLines()]
  const delivery = new Delivery({ name: 'file', sink, capacity, log, metrics, notice })
  const offer = (from: number, to: number, isReserved = true) => {
    for (let sequence = from; sequence <= to; sequence += 1) delivery.offer(entryOf(sequence), isReserved)
  }
  return { sink, metrics, delivery, offer, events: () => lines.map(({ event }) => event), lines }
}

const sequences = ({ written }: HeldSink) =>
  written.filter(({ event }) => event.event === 'allowed').map(({ event }) => event.sequence)

test('events are written in order, together where they come together', async () => {
  const { sink, offer, metrics, delivery } = start()
  offer(1, 50)
  await sink.until(() => sink.written.length === 50)
  await delivery.close(1000)
  assert.deepEqual(
    sequences(sink),
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
  assert.equal(sink.attempts, 1)
  assert.deepEqual(metrics.counts, { written: 50, lost: 0 })
})

test('a sink that fails gets the same events again, and the log says so once', async () => {
  const { sink, offer, delivery, events } = start()
  sink.mode = 'fails'
  offer(1, 3)
  await sink.until(() => sink.attempts === 2)
  // The second attempt has begun, so the first has failed.
  assert.deepEqual([delivery.works, delivery.hasRoom, delivery.queued], [false, false, 3])
  sink.mode = 'works'
  await sink.until(() => sink.written.length === 3)
  await delivery.close(1000)
  assert.deepEqual(sequences(sink), [1, 2, 3])
  assert.deepEqual(events(), ['audit-sink-failed', 'audit-sink-works'])
})

test('a full queue loses events that are counted, and the trail says how many once the sink works again', async () => {
  const { sink, offer, delivery, metrics, events } = start()
  sink.mode = 'stalls'
  offer(1, 130)
  assert.deepEqual([delivery.queued, metrics.counts.lost, delivery.hasRoom], [100, 30, false])
  await sink.until(() => sink.attempts === 1)
  sink.release('works')
  await sink.until(() => sink.written.length === 101)
  const reported = sink.written.find(({ event }) => event.event === 'events-lost')?.event
  assert.deepEqual([reported?.sink, reported?.lost, reported?.since], ['file', 30, entryOf(101).event.time])
  assert.deepEqual(events(), ['audit-queue-full'])
  assert.equal(delivery.hasRoom, true)
})

test('the last tenth of the queue is for events of requests that change something', () => {
  const { sink, offer, delivery, metrics } = start()
  sink.mode = 'stalls'
  offer(1, 95, false)
  assert.deepEqual([delivery.queued, metrics.counts.lost, delivery.hasRoom], [90, 5, false])
  offer(96, 105)
  assert.deepEqual([delivery.queued, metrics.counts.lost], [100, 5])
})

test('closing writes what waits', async () => {
  const { sink, offer, delivery, metrics } = start()
  offer(1, 10)
  await delivery.close(5000)
  assert.deepEqual([sequences(sink).length, sink.closed, metrics.counts], [10, 1, { written: 10, lost: 0 }])
})

test('closing does not wait for ever, and counts and logs what is lost then', async () => {
  const { sink, offer, delivery, metrics, lines } = start()
  sink.mode = 'fails'
  offer(1, 10)
  await delivery.close(100)
  assert.deepEqual([metrics.counts, sink.closed], [{ written: 0, lost: 10 }, 1])
  assert.equal(lines.find(({ event }) => event === 'audit-events-lost')?.lost, 10)
})

test('what a sink has not written goes to the one that replaces it, first and in order', async () => {
  const { sink, offer, delivery } = start()
  sink.mode = 'fails'
  offer(1, 103)
  await sink.until(() => sink.attempts === 1)
  const [next, metrics, { log }] = [new HeldSink(), countedMetrics(), logLines()]
  const after = delivery.handOver().then((rest) => successor.inherit(rest))
  const successor = new Delivery({ name: 'file', sink: next, capacity: 200, log, metrics, notice, after })
  successor.offer(entryOf(104), true)
  await next.until(() => next.written.length === 102)
  assert.deepEqual(sequences(next), [...Array.from({ length: 100 }, (_, index) => index + 1), 104])
  assert.equal(next.written.find(({ event }) => event.event === 'events-lost')?.event.lost, 3)
  assert.equal(sink.closed, 1)
})
