import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseRedisAddress } from '../src/gateway/config/redis-address.ts'
import { RedisBackend } from '../src/gateway/sessions/stores/redis.ts'
import type { Clock } from '../src/shared/clock.ts'
import type { StoreUnderTest } from './contract/backend.ts'

export interface RedisOptions {
  readonly ca?: string
  readonly timeoutMs?: number
  /** The clock of this process. Default: the system clock. */
  readonly clock?: Clock
}

/** Another process that uses a Redis store. Its connections are still being opened. */
export const redisBackend = (address: string, { ca, timeoutMs = 1000, clock = Date.now }: RedisOptions = {}) =>
  new RedisBackend({ address: parseRedisAddress(address), ca, timeoutMs }, clock)

/** The same, once the store responds and reports the changes of other processes. */
export async function connectedBackend(address: string, options?: RedisOptions): Promise<RedisBackend> {
  const backend = redisBackend(address, options)
  await eventually(async () => {
    await backend.ping()
    return backend.subscribed
  })
  return backend
}

/** Waits until the condition is true. An error counts as false. @throws Error after 20 s */
export async function eventually(condition: () => Promise<boolean> | boolean): Promise<void> {
  let last: unknown
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    try {
      if (await condition()) return
    } catch (error) {
      last = error
    }
  }
  throw new Error('the condition was not true within 20 s', { cause: last })
}

/** An empty store for the contract tests, with its own prefix and the system clock. */
export async function redisUnderTest(address: string): Promise<StoreUnderTest> {
  const opened: RedisBackend[] = []
  const own = `${address}?prefix=${randomUUID()}`
  return {
    connect: async () => {
      const backend = await connectedBackend(own, { timeoutMs: 5000 })
      opened.push(backend)
      return backend
    },
    now: Date.now,
    advance: (seconds) => sleep(seconds * 1000),
    close: async () => {
      for (const backend of opened) await backend.close()
    },
  }
}
