import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseRedisAddress } from '../src/gateway/config/redis-address.ts'
import { RedisBackend } from '../src/gateway/sessions/stores/redis.ts'
import type { Clock } from '../src/shared/clock.ts'
import type { StoreUnderTest } from './contract/backend.ts'

export interface RedisOptions {
  readonly ca?: string
  readonly timeoutMs?: number
  /** The process's own clock; absent: the right time. */
  readonly clock?: Clock
}

/** One more process at a Redis store; its connections are being made. */
export const redisBackend = (address: string, { ca, timeoutMs = 1000, clock = Date.now }: RedisOptions = {}) =>
  new RedisBackend({ address: parseRedisAddress(address), ca, timeoutMs }, clock)

/** The same, once it answers and hears of what others do. */
export async function connectedBackend(address: string, options?: RedisOptions): Promise<RedisBackend> {
  const backend = redisBackend(address, options)
  await eventually(async () => {
    await backend.ping()
    return backend.hearing
  })
  return backend
}

/** Waits until it holds; an error counts as not yet. @throws Error after 20 s */
export async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  let last: unknown
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    try {
      if (await holds()) return
    } catch (error) {
      last = error
    }
  }
  throw new Error('it did not come true within 20 s', { cause: last })
}

/** An empty store under the contract: a prefix of its own, and the real time. */
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
