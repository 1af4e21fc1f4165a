import type { Expected, Received } from './exchange.ts'
import { Outages } from './outages.ts'

/** A response that no rule allows, with both sides. It contains no credentials: an exchange has none. */
export interface Wrong {
  /** `crossed`: it belongs to another request or another caller. */
  readonly verdict: 'crossed' | 'unexpected'
  readonly differences: readonly string[]
  readonly expected: Expected
  readonly received: Received
  /** The request whose nonce came back. */
  readonly belongsTo?: Expected | undefined
}

export interface Count {
  right: number
  /** Failures during an outage that the run caused. */
  excused: number
  wrong: number
}

/** Statuses and failures that an outage of the upstream explains, and nothing else does. */
const OUTAGE_REASONS: ReadonlySet<string | undefined> = new Set(['upstream-down', 'upstream-timeout'])
const OUTAGE_STATUSES: ReadonlySet<number | undefined> = new Set([502, 503, 504])
const OUTAGE_FAILURES: ReadonlySet<string | undefined> = new Set(['cut', 'ECONNRESET', 'EPIPE', 'closed'])

/** Nonces that are remembered to say whose a crossed response is. */
const REMEMBERED = 50_000
/** Wrong responses that are kept in full. */
const KEPT = 50

/** Checks that each response is the one to its own request. */
export class Oracle {
  readonly outages = new Outages()
  readonly counts: Record<string, Count> = {}
  readonly wrong: Wrong[] = []
  /** How often an outage was the excuse, by what came back. */
  readonly excuses: Record<string, number> = {}
  readonly #asked = new Map<string, Expected>()

  /** Takes note of a request before it is sent. */
  asks(expected: Expected): void {
    this.#asked.set(expected.nonce, expected)
    const [oldest] = this.#asked.keys()
    if (this.#asked.size > REMEMBERED && oldest !== undefined) this.#asked.delete(oldest)
  }

  check(expected: Expected, received: Received): void {
    const count = this.#countOf(expected)
    const differences = differencesOf(expected, received)
    if (differences.length === 0) {
      count.right += 1
    } else if (!isCrossed(expected, received) && this.#isExcused(expected, received)) {
      count.excused += 1
      const seen = received.failure ?? [received.status, received.reason ?? 'without its end'].join(' ')
      this.excuses[seen] = (this.excuses[seen] ?? 0) + 1
    } else {
      count.wrong += 1
      const verdict = isCrossed(expected, received) ? 'crossed' : 'unexpected'
      const belongsTo = received.nonce === expected.nonce ? undefined : this.#asked.get(received.nonce ?? '')
      if (this.wrong.length < KEPT) this.wrong.push({ verdict, differences, expected, received, belongsTo })
    }
  }

  /** Takes back that a response was right: something that came later shows that it belongs to another request. */
  reject(expected: Expected, received: Received, difference: string): void {
    const count = this.#countOf(expected)
    count.right -= 1
    count.wrong += 1
    if (this.wrong.length < KEPT) this.wrong.push({ verdict: 'crossed', differences: [difference], expected, received })
  }

  get total(): Count {
    const all = Object.values(this.counts)
    const sum = (member: keyof Count) => all.reduce((total, count) => total + count[member], 0)
    return { right: sum('right'), excused: sum('excused'), wrong: sum('wrong') }
  }

  #countOf({ kind }: Expected): Count {
    this.counts[kind] ??= { right: 0, excused: 0, wrong: 0 }
    return this.counts[kind]
  }

  #isExcused(expected: Expected, received: Received): boolean {
    const { upstream, startedAt, reason: denied } = expected
    const { endedAt, status, reason, failure } = received
    if (upstream === undefined || !this.outages.overlaps(upstream, startedAt, endedAt)) return false
    if (failure !== undefined) return OUTAGE_FAILURES.has(failure)
    if (isCutHiddenByCaddy(expected, received)) return true
    // A denial needs no upstream: only its connection can be a victim.
    return denied === undefined && OUTAGE_STATUSES.has(status) && OUTAGE_REASONS.has(reason)
  }
}

/**
 * Caddy 2.6.2 ends a chunked response regularly although the gateway has cut it. What
 * came of it is its own; only its end is missing. Without Caddy the same is wrong.
 */
const isCutHiddenByCaddy = ({ entrance, status, responseBytes = 0 }: Expected, received: Received) =>
  entrance === 'caddy' && status === received.status && received.bytes !== undefined && received.bytes < responseBytes

/** Anything of another request or of another caller: no outage excuses it. */
function isCrossed({ nonce, principal }: Expected, received: Received): boolean {
  const isOther = (seen: string | undefined, own: string | undefined) => seen !== undefined && seen !== own
  return (
    isOther(received.nonce, nonce) ||
    isOther(received.headerNonce, nonce) ||
    isOther(received.user, principal?.user) ||
    isOther(received.project, principal?.project) ||
    received.foreign !== undefined
  )
}

function differencesOf(expected: Expected, received: Received): string[] {
  const { status, reason, upstream, nonce, principal, body, cut, responseBytes, deliveries = 2 } = expected
  if (status === undefined) return isCrossed(expected, received) ? ['expected nothing of another request'] : []
  const isForwarded = upstream !== undefined && reason === undefined
  const outcome: Pair[] = [
    ['failure', cut ? 'cut' : undefined, received.failure],
    ['status', status, received.status],
    ['reason', reason, received.reason],
    ['foreign bytes', undefined, received.foreign],
  ]
  const differing = outcome.filter(isDifferent).map(sentenceOf)
  // The rest would only repeat it.
  if (differing.length > 0) return differing
  const pairs: Pair[] = []
  if (isForwarded && !cut) {
    pairs.push(['nonce', nonce, received.nonce])
    pairs.push(['user', principal?.user, received.user], ['project', principal?.project, received.project])
  }
  if (responseBytes !== undefined) pairs.push(['bytes of the response', responseBytes, received.bytes])
  if (body !== undefined && isForwarded) {
    pairs.push(['upstream', upstream, received.upstream], ['nonce in the header', nonce, received.headerNonce])
    pairs.push(['bytes of the body', body.bytes, received.body?.bytes])
    pairs.push(['checksum of the body', body.sha256, received.body?.sha256])
    const times = received.deliveries ?? 0
    pairs.push(['delivered more than allowed', false, times > deliveries])
  }
  return pairs.filter(isDifferent).map(sentenceOf)
}

type Pair = readonly [name: string, expected: unknown, received: unknown]
const isDifferent = ([, expected, received]: Pair) => expected !== received
const sentenceOf = ([name, expected, received]: Pair) =>
  `${name}: expected ${expected ?? 'none'}, received ${received ?? 'none'}`
