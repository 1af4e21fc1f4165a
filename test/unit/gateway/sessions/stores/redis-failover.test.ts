import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { parseRedisAddress } from '../../../../../src/gateway/config/redis-address.ts'
import { RedisConnection } from '../../../../../src/gateway/sessions/stores/redis-connection.ts'
import { bulk, list, push, startFakeRedis } from './fake-redis.ts'

/** Long enough for a reconnection. A call waits for all of it if its client has given up. */
const TIMEOUT_MS = 8000

const startMaster = (name: string) =>
  startFakeRedis((command) => (command.startsWith('get ') ? bulk(`from ${name}`) : '-ERR unknown\r\n'))

/** A sentinel that can hold its replies to the question for the master, and that announces a failover. */
async function startSentinel(firstMaster: number) {
  const events = new EventEmitter<{ subscribed: []; asked: [] }>()
  const subscribed: Socket[] = []
  const asking: Socket[] = []
  let master = firstMaster
  let holds = false
  const reply = () => list('127.0.0.1', String(master))
  const { port, close } = await startFakeRedis((command, socket) => {
    if (command.startsWith('subscribe')) {
      subscribed.push(socket)
      events.emit('subscribed')
      return `>3\r\n${bulk('subscribe')}${bulk('+switch-master')}:1\r\n`
    }
    if (!command.startsWith('sentinel get-master-addr-by-name')) return '*0\r\n'
    if (!holds) return reply()
    asking.push(socket)
    events.emit('asked')
    return undefined
  })
  return {
    ...{ events, port, close },
    hold: () => {
      holds = true
    },
    /** Announces another master, and then replies to those who asked before. */
    failOver: (to: number) => {
      ;[master, holds] = [to, false]
      for (const socket of subscribed) socket.write(push('message', '+switch-master', 'sessions'))
      for (const socket of asking) socket.write(reply())
    },
  }
}

async function startGroup(context: TestContext) {
  const [first, second] = [await startMaster('first'), await startMaster('second')]
  const sentinel = await startSentinel(first.port)
  context.after(() => {
    for (const server of [first, second, sentinel]) server.close()
  })
  return { first, second, sentinel }
}

/** A connection that the sentinel will notify. */
async function connect(context: TestContext, { port, events }: Awaited<ReturnType<typeof startSentinel>>) {
  const address = parseRedisAddress(`redis+sentinel://127.0.0.1:${port}/sessions`)
  const subscribed = once(events, 'subscribed')
  const connection = new RedisConnection({ address, ca: undefined, timeoutMs: TIMEOUT_MS })
  context.after(() => connection.close())
  const ended = new Promise<void>((resolve) => connection.client.once('end', resolve))
  const get = () => connection.call((redis) => redis.get('a'))
  assert.equal(await get(), 'from first')
  await subscribed
  return { connection, ended, get }
}

test('a failover that is announced while the gateway asks a sentinel for the master does not end its connection', async (context) => {
  const { first, second, sentinel } = await startGroup(context)
  const { ended, get } = await connect(context, sentinel)
  sentinel.hold()
  first.close()
  await once(sentinel.events, 'asked')
  sentinel.failOver(second.port)
  await ended
  assert.equal(await get(), 'from second')
})

test('a connection that was closed meanwhile is not opened again', async (context) => {
  const { first, second, sentinel } = await startGroup(context)
  const closing = await connect(context, sentinel)
  const staying = await connect(context, sentinel)
  sentinel.hold()
  first.close()
  await once(sentinel.events, 'asked')
  await once(sentinel.events, 'asked')
  closing.connection.close()
  sentinel.failOver(second.port)
  await Promise.all([closing.ended, staying.ended])
  // by then the other one would be connected too
  assert.equal(await staying.get(), 'from second')
  assert.equal(closing.connection.client.status, 'end')
})
