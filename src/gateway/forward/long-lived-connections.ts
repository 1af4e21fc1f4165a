import { setImmediate as breath } from 'node:timers/promises'
import { Refusal } from '../errors.ts'
import { isWebSocket } from '../http/websocket.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Reauthorize } from './reauthorize.ts'
import type { StreamedResponse } from './streamed-response.ts'

/** An exchange under way, as far as it is judged and cut. */
export type OpenResponse = Pick<StreamedResponse, 'exchange' | 'outlivesToken' | 'cut'>

export interface LongLivedConnectionsDeps {
  /** Every exchange with an upstream that is under way, in whatever state. */
  readonly open: () => Iterable<OpenResponse>
  readonly sessions: Pick<Sessions, 'onEnded'>
  readonly reauthorize: Reauthorize
  /** Time between two looks, ms. What is new at one look is judged from the next on. */
  readonly intervalMs: number
}

/** Exchanges judged in one go; others are served between two of them. */
const BATCH = 50

/**
 * No exchange outlives what admitted it: WebSockets, streams, long polls, downloads and uploads. Those of a session
 * that ends are cut at once; whatever lasts is judged again from time to time. Nothing is kept of a request for this:
 * the connections to the upstreams know what is under way.
 */
export class LongLivedConnections {
  readonly #deps: LongLivedConnectionsDeps
  readonly #timer: NodeJS.Timeout
  readonly #unsubscribe: () => void
  #seen = new WeakSet<OpenResponse>()
  #looking: Promise<void> | undefined

  constructor(deps: LongLivedConnectionsDeps) {
    this.#deps = deps
    this.#unsubscribe = deps.sessions.onEnded((key) => this.#ended(key))
    this.#timer = setInterval(() => void this.look(), deps.intervalMs).unref()
  }

  /** Judges what was open at the last look and still is. A look that takes long is not begun a second time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** Judges the conversations that are open, at once: what is allowed has changed. Answers under way are met by the looks. */
  async reauthorizeWebSockets(): Promise<void> {
    await this.#judgeEach([...this.#deps.open()].filter(({ outlivesToken }) => !outlivesToken))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#unsubscribe()
  }

  /** A process that stops waits for answers, not for conversations. */
  endWebSockets(): void {
    for (const { exchange } of [...this.#deps.open()]) {
      if (isWebSocket(exchange.request)) exchange.request.socket.destroy()
    }
  }

  #ended(key: string): void {
    // A route that is public asked nothing of the session.
    const mine = [...this.#deps.open()].filter(
      ({ exchange: { caller, admitted } }) => caller?.session?.key === key && admitted?.principal !== undefined,
    )
    for (const answer of mine) answer.cut(new Refusal('login-required', 'the session ended while the exchange went on'))
  }

  async #look(): Promise<void> {
    const open = [...this.#deps.open()]
    const lasting = open.filter((answer) => this.#seen.has(answer))
    this.#seen = new WeakSet(open)
    await this.#judgeEach(lasting)
  }

  async #judgeEach(answers: readonly OpenResponse[]): Promise<void> {
    for (let at = 0; at < answers.length; at += BATCH) {
      await Promise.all(answers.slice(at, at + BATCH).map((answer) => this.#judge(answer)))
      await breath()
    }
  }

  async #judge(answer: OpenResponse): Promise<void> {
    try {
      await this.#deps.reauthorize(answer.exchange, answer.outlivesToken)
    } catch (error) {
      if (!isNoDecision(error)) answer.cut(error)
    }
  }
}

/** A store or issuer that cannot be reached, or may not be asked now, says nothing about anybody. */
const isNoDecision = (error: unknown) =>
  error instanceof Refusal && (error.reason === 'rate-limited' || (error.status >= 500 && error.reason !== 'internal'))
