import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { type Port, WorkerChannel } from '../../../../../src/gateway/runtime/workers/channel.ts'

/** Two ends of a channel that, like Node's, hands over copies. */
function channel(): [Port, Port] {
  const [here, there] = [new EventEmitter(), new EventEmitter()]
  const end = (own: EventEmitter, other: EventEmitter): Port => ({
    on: (event, listener) => own.on(event, listener),
    send: (message) => queueMicrotask(() => other.emit('message', JSON.parse(JSON.stringify(message)))),
  })
  return [end(here, there), end(there, here)]
}

const silent = { config: () => new Promise<never>(() => {}), serving: () => undefined, exposition: () => 'text' }

test('answers reach who asked, however they cross', async () => {
  const [here, there] = channel()
  const turns = [Promise.withResolvers<object[]>(), Promise.withResolvers<object[]>()]
  let asked = 0
  const supervisor = new WorkerChannel<'config' | 'serving' | 'exposition'>(here, silent)
  const worker = new WorkerChannel(there, {
    prepare: () => [{ path: 'a', expected: 'b', got: 'c' }],
    commit: () => undefined,
    abort: () => undefined,
    measure: () => (turns[asked++] as (typeof turns)[0]).promise,
  })
  const [first, second] = [supervisor.ask('measure', undefined, 60_000), supervisor.ask('measure', undefined, 60_000)]
  assert.equal(await worker.ask('exposition', undefined, 60_000), 'text')
  turns[1]?.resolve([{ n: 2 }])
  turns[0]?.resolve([{ n: 1 }])
  assert.deepEqual(await Promise.all([first, second]), [[{ n: 1 }], [{ n: 2 }]])
})

test('an answer that fails fails for who asked', async () => {
  const [here, there] = channel()
  const supervisor = new WorkerChannel<'config' | 'serving' | 'exposition'>(here, silent)
  new WorkerChannel<'prepare' | 'commit' | 'abort' | 'measure'>(there, {
    prepare: () => [],
    commit: () => Promise.reject(new Error('cannot switch')),
    abort: () => undefined,
    measure: () => [],
  })
  await assert.rejects(supervisor.ask('commit', undefined, 60_000), /cannot switch/)
})

test('what is asked of a process that goes away fails at once', async () => {
  const [here] = channel()
  const supervisor = new WorkerChannel<'config' | 'serving' | 'exposition'>(here, silent)
  const asked = supervisor.ask('commit', undefined, 60_000)
  supervisor.hangUp()
  await assert.rejects(asked, /gone/)
})
