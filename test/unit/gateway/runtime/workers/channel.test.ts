import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { type Port, WorkerChannel } from '../../../../../src/gateway/runtime/workers/channel.ts'
import type { MetricSnapshot } from '../../../../../src/gateway/runtime/workers/worker-totals.ts'

/** Two ends of a channel that, like Node's, hands over copies. */
function channel(): [Port, Port] {
  const [here, there] = [new EventEmitter(), new EventEmitter()]
  const end = (own: EventEmitter, other: EventEmitter): Port => ({
    on: (event, listener) => own.on(event, listener),
    send: (message) => queueMicrotask(() => other.emit('message', JSON.parse(JSON.stringify(message)))),
  })
  return [end(here, there), end(there, here)]
}

const snapshot = (name: string): MetricSnapshot => ({ name, type: 'counter', values: [] })

const never = { config: () => new Promise<never>(() => {}), serving: () => undefined, exposition: () => 'text' }

test('responses reach their request, in whatever order they arrive', async () => {
  const [here, there] = channel()
  const turns = [Promise.withResolvers<MetricSnapshot[]>(), Promise.withResolvers<MetricSnapshot[]>()]
  let requests = 0
  const supervisor = new WorkerChannel<'config' | 'serving' | 'exposition'>(here, never)
  const worker = new WorkerChannel(there, {
    prepare: () => [{ path: 'a', expected: 'b', got: 'c' }],
    commit: () => undefined,
    abort: () => undefined,
    metrics: () => (turns[requests++] as (typeof turns)[0]).promise,
  })
  const [first, second] = [
    supervisor.request('metrics', undefined, 60_000),
    supervisor.request('metrics', undefined, 60_000),
  ]
  assert.equal(await worker.request('exposition', undefined, 60_000), 'text')
  turns[1]?.resolve([snapshot('second')])
  turns[0]?.resolve([snapshot('first')])
  assert.deepEqual(await Promise.all([first, second]), [[snapshot('first')], [snapshot('second')]])
})

test('a handler that fails rejects the request', async () => {
  const [here, there] = channel()
  const supervisor = new WorkerChannel<'config' | 'serving' | 'exposition'>(here, never)
  new WorkerChannel<'prepare' | 'commit' | 'abort' | 'metrics'>(there, {
    prepare: () => [],
    commit: () => Promise.reject(new Error('cannot switch')),
    abort: () => undefined,
    metrics: () => [],
  })
  await assert.rejects(supervisor.request('commit', undefined, 60_000), /cannot switch/)
})

test('a request to a process that exits is rejected at once', async () => {
  const [here] = channel()
  const supervisor = new WorkerChannel<'config' | 'serving' | 'exposition'>(here, never)
  const pending = supervisor.request('commit', undefined, 60_000)
  supervisor.close()
  await assert.rejects(pending, /has exited/)
})

test('a request that cannot be written is rejected, whether Node throws or reports it later', async () => {
  const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
  const ports: NonNullable<Port['send']>[] = [
    (_message, sent) => queueMicrotask(() => sent(broken)),
    () => {
      throw broken
    },
  ]
  for (const send of ports) {
    const port: Port = { on: () => undefined, send }
    const supervisor = new WorkerChannel<'config' | 'serving' | 'exposition'>(port, never)
    await assert.rejects(supervisor.request('commit', undefined, 60_000), { code: 'EPIPE' })
  }
})

test('a request without a response is rejected after its timeout', async () => {
  const [here] = channel()
  const supervisor = new WorkerChannel<'config' | 'serving' | 'exposition'>(here, never)
  await Promise.all([
    assert.rejects(supervisor.request('commit', undefined, 1), /no response to commit within 1 ms/),
    // The channel's timers do not keep a process alive.
    new Promise((resolve) => setTimeout(resolve, 20)),
  ])
})
