import ipaddr from 'ipaddr.js'
import type { LRUCache } from 'lru-cache'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { boundedCache } from '../../shared/bounded-cache.ts'
import { Refusal } from '../errors.ts'

const WINDOW_SECONDS = 60
/** Keys counted at most; the one not seen for longest is forgotten first. */
const KEYS = 50_000

/** Attempts by key within a minute that begins with the first of them. The library keeps the time by itself. */
export class Attempts {
  readonly #limiter: RateLimiterMemory
  readonly #keys: LRUCache<string, true>

  /** @param perMinute Attempts that one key has in a minute. */
  constructor(perMinute: number, keys: number = KEYS) {
    const limiter = new RateLimiterMemory({ points: perMinute, duration: WINDOW_SECONDS })
    this.#limiter = limiter
    this.#keys = boundedCache(keys, (_, key) => void limiter.delete(key))
  }

  /** @throws Refusal rate-limited when all attempts are used up */
  async check(key: string): Promise<void> {
    const state = await this.#limiter.get(key)
    if (state !== null && state.remainingPoints <= 0) throw refusal(state)
  }

  /** Uses one attempt up. */
  async count(key: string): Promise<void> {
    this.#keys.set(key, true)
    await this.#limiter.penalty(key)
  }

  /** Uses one attempt up. @throws Refusal rate-limited when there is none */
  async take(key: string): Promise<void> {
    this.#keys.set(key, true)
    try {
      await this.#limiter.consume(key)
    } catch (error) {
      throw error instanceof RateLimiterRes ? refusal(error) : error
    }
  }

  /** Gives an attempt back that was none. */
  async giveBack(key: string): Promise<void> {
    await this.#limiter.reward(key)
  }
}

function refusal({ msBeforeNext }: RateLimiterRes): Refusal {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000))
  return new Refusal('rate-limited', 'attempts of this minute are used up', {
    headers: { 'Retry-After': String(seconds) },
  })
}

/** What of an address is counted: IPv6 hosts own a /64 at least and could change within it at will. */
export function addressKey(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address
  return ipaddr.IPv6.parse(address).toNormalizedString().split(':').slice(0, 4).join(':')
}
