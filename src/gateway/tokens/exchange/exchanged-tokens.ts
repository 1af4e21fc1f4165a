import { boundedCache } from '../../../shared/bounded-cache.ts'
import type { Clock } from '../../../shared/clock.ts'
import { digest } from '../../../shared/digest.ts'
import type { TokenExchange } from '../../config/schema/token-exchange.ts'
import { Refusal } from '../../errors.ts'
import type { ExchangeToken } from '../../issuer/token-exchange.ts'
import type { Caller } from '../caller.ts'
import { checkExchanged } from './check-exchanged.ts'
import { type ExchangeableToken, exchangeableToken } from './exchangeable-token.ts'

/** Callers remembered at most: sessions, and bearer tokens by their hashes. */
const REMEMBERED = 10_000
/** A token is exchanged again when it expires within this time, in milliseconds; of a short one, when a fifth is left. */
const SPARE_MS = 30_000
const SPARE_PART = 0.2
/** An exchange that was refused is refused again without a request for this time, in milliseconds. */
const REFUSED_MS = 10_000

export interface ExchangedTokensDeps {
  readonly exchange: ExchangeToken
  /** URL of the issuer that exchanges. */
  readonly issuer: string
  /** Audiences that the gateway accepts. */
  readonly ownAudiences: readonly string[]
  readonly clock: Clock
  /** Calls back with the key of each session that ended. @returns the unsubscribe function */
  readonly onSessionEnded: (listener: (key: string) => void) => () => void
}

export interface ExchangedTokens {
  /**
   * The token for an upstream, in exchange for the caller's. Synchronous for one that is remembered; however many requests
   * come at once, the issuer is asked once.
   * @throws Refusal exchange-refused, exchange-invalid, issuer-down, login-required
   */
  tokenFor(caller: Caller, wanted: TokenExchange): string | Promise<string>
  /** Stops hearing of sessions that ended. */
  close(): void
}

/** The outcome of an exchange: running, given or refused. Milliseconds since the epoch. */
interface Outcome {
  result: Promise<string> | string | Refusal
  until: number
}

/** What one caller got. A session that was refreshed has another token: nothing of the previous one is used. */
interface Holder {
  readonly subject: string
  /** By the settings of the route. */
  readonly outcomes: Map<string, Outcome>
}

export function buildExchangedTokens(deps: ExchangedTokensDeps): ExchangedTokens {
  const { exchange, issuer, ownAudiences, clock } = deps
  const holders = boundedCache<Holder>(REMEMBERED)
  const unsubscribe = deps.onSessionEnded((key) => holders.delete(sessionSlot(key)))

  function holderOf({ session }: Caller, token: string): Holder {
    const subject = digest(token)
    const slot = session === undefined ? `token:${subject}` : sessionSlot(session.key)
    const known = holders.get(slot)
    if (known?.subject === subject) return known
    const holder = { subject, outcomes: new Map<string, Outcome>() }
    holders.set(slot, holder)
    return holder
  }

  async function exchanged(subject: ExchangeableToken, wanted: TokenExchange, outcome: Outcome): Promise<string> {
    const response = await exchange(subject.token, wanted)
    const now = clock()
    const expiresAt = checkExchanged(response, { subjectToken: subject.token, wanted, ownAudiences, now })
    const usable = Math.min(expiresAt, subject.expiresAt)
    outcome.result = response.token
    outcome.until = usable - Math.min(SPARE_MS, (usable - now) * SPARE_PART)
    return response.token
  }

  function begin(subject: ExchangeableToken, wanted: TokenExchange, outcomes: Map<string, Outcome>, name: string) {
    const outcome: Outcome = { result: '', until: Number.POSITIVE_INFINITY }
    outcomes.set(name, outcome)
    const running = exchanged(subject, wanted, outcome).catch((error: unknown) => {
      outcome.until = 0
      // An outage proves nothing: the next request asks again.
      if (error instanceof Refusal && error.reason !== 'issuer-down') {
        outcome.result = error
        outcome.until = clock() + REFUSED_MS
      }
      throw error
    })
    outcome.result = running
    return running
  }

  return {
    tokenFor(caller, wanted) {
      const now = clock()
      const subject = exchangeableToken(caller, issuer, now)
      const { outcomes } = holderOf(caller, subject.token)
      const name = JSON.stringify(wanted)
      const known = outcomes.get(name)
      if (known === undefined || now >= known.until) return begin(subject, wanted, outcomes, name)
      if (known.result instanceof Refusal) throw known.result
      return known.result
    },
    close: unsubscribe,
  }
}

const sessionSlot = (key: string) => `session:${key}`
