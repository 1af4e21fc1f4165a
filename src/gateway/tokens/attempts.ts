import ipaddr from 'ipaddr.js'
import type { LRUCache } from 'lru-cache'
import { boundedCache } from '../../shared/bounded-cache.ts'
import type { Clock } from '../../shared/clock.ts'
import { Refusal } from '../errors.ts'

const WINDOW_MS = 60_000
/** Keys counted at most; the one not seen for longest is forgotten first. */
const KEYS = 50_000

interface Window {
  used: number
  /** Milliseconds since the epoch. */
  readonly endsAt: number
}

/** Attempts by key within a window of one minute that begins with the first of them; kept per process. */
export class Attempts {
  readonly #perMinute: number
  readonly #clock: Clock
  readonly #windows: LRUCache<string, Window>

  /** @param perMinute Attempts that one key has in a minute. */
  constructor(perMinute: number, clock: Clock, keys: number = KEYS) {
    this.#perMinute = perMinute
    this.#clock = clock
    this.#windows = boundedCache(keys)
  }

  /** @throws Refusal rate-limited when all attempts are used up */
  check(key: string): void {
    const now = this.#clock()
    const window = this.#current(key, now)
    if (window !== undefined && window.used >= this.#perMinute) throw rateLimited(window.endsAt - now)
  }

  /** Uses one attempt up, whether or not there is one left. */
  count(key: string): void {
    const now = this.#clock()
    const window = this.#current(key, now)
    if (window === undefined) this.#windows.set(key, { used: 1, endsAt: now + WINDOW_MS })
    else window.used++
  }

  /** Uses one attempt up. @throws Refusal rate-limited when there is none */
  take(key: string): void {
    this.check(key)
    this.count(key)
  }

  /** Gives back an attempt that turned out not to count. */
  giveBack(key: string): void {
    const window = this.#current(key, this.#clock())
    if (window !== undefined && window.used > 0) window.used--
  }

  /** The key's window, unless it has ended. One that ends later than a new one would is from before the clock was set back. */
  #current(key: string, now: number): Window | undefined {
    const window = this.#windows.get(key)
    return window !== undefined && now < window.endsAt && window.endsAt <= now + WINDOW_MS ? window : undefined
  }
}

function rateLimited(leftMs: number): Refusal {
  const headers = { 'Retry-After': String(Math.ceil(leftMs / 1000)) }
  return new Refusal('rate-limited', 'all attempts of this minute are used up', { headers })
}

/** The part of an address that is counted: an IPv6 host owns at least a /64 and could change its address within it. */
export function addressKey(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address
  return ipaddr.IPv6.parse(address).toNormalizedString().split(':').slice(0, 4).join(':')
}
