import type { Call } from './exchange.ts'

/** What one tenant holds of a pool's connections, and its calls that wait for one, oldest first. */
export interface Tenant {
  held: number
  readonly waiting: { readonly call: Call; readonly until: number }[]
}

/** A waiting call whose turn has come. */
export interface Turn {
  readonly tenant: Tenant
  readonly call: Call
}

/**
 * Divides the connections of a pool between tenants. Each may hold a share of what the others leave free, and at least
 * one: with a share of one half a single tenant gets half of the pool, two get a third each, three a quarter each. So
 * some connections are free whoever keeps the others, and a tenant that comes later need not wait for a slow one. Where
 * calls wait, tenants take turns, whatever number of calls each has.
 */
export class FairShare {
  readonly #max: number
  readonly #share: number
  readonly #tenants = new Map<string, Tenant>()
  /** Tenants with waiting calls; the first is served next. */
  #turns: Tenant[] = []
  #held = 0

  /** @param share Of the connections that other tenants leave free, 0 to 1. */
  constructor(max: number, share: number) {
    this.#max = max
    this.#share = share
  }

  tenant(key: string): Tenant {
    let tenant = this.#tenants.get(key)
    if (tenant === undefined) {
      tenant = { held: 0, waiting: [] }
      this.#tenants.set(key, tenant)
    }
    return tenant
  }

  mayTake({ held }: Tenant): boolean {
    const left = this.#max - this.#held
    return left > 0 && (held === 0 || held < Math.floor(this.#share * (left + held)))
  }

  take(tenant: Tenant): void {
    tenant.held += 1
    this.#held += 1
  }

  giveBack(tenant: Tenant): void {
    tenant.held -= 1
    this.#held -= 1
  }

  /** @param until When waiting has taken too long, by the pool's clock. */
  wait(tenant: Tenant, call: Call, until: number): void {
    if (tenant.waiting.length === 0) this.#turns.push(tenant)
    tenant.waiting.push({ call, until })
  }

  get isWaiting(): boolean {
    return this.#turns.length > 0
  }

  /** The next call whose tenant may take a connection; it no longer waits. */
  next(): Turn | undefined {
    for (let left = this.#turns.length; left > 0; left -= 1) {
      const tenant = this.#turns.shift() as Tenant
      const call = this.mayTake(tenant) ? firstOf(tenant) : undefined
      if (tenant.waiting.length > 0) this.#turns.push(tenant)
      if (call) return { tenant, call }
    }
    return undefined
  }

  *waiting(): Iterable<Call> {
    for (const { waiting } of this.#turns) for (const { call } of waiting) if (!call.aborted) yield call
  }

  /** Removes the calls that have waited until `now`, and forgets tenants that hold nothing and wait for nothing. */
  expire(now: number): Call[] {
    const expired: Call[] = []
    for (const { waiting } of this.#turns) {
      while (waiting[0] && waiting[0].until <= now) expired.push((waiting.shift() as { call: Call }).call)
    }
    this.#turns = this.#turns.filter(({ waiting }) => waiting.length > 0)
    for (const [key, { held, waiting }] of this.#tenants) {
      if (held === 0 && waiting.length === 0) this.#tenants.delete(key)
    }
    return expired.filter(({ aborted }) => !aborted)
  }
}

function firstOf({ waiting }: Tenant): Call | undefined {
  let first = waiting.shift()
  while (first?.call.aborted) first = waiting.shift()
  return first?.call
}
