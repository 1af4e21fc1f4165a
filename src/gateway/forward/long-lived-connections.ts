import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { Refusal } from '../errors.ts'
import { isWebSocket } from '../http/websocket.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { ConnectionEvents } from './connection-events.ts'
import type { Reauthorize } from './reauthorize.ts'
import type { StreamedResponse } from './streamed-response.ts'

/** A response under way, as far as it is authorized again and cut. */
export type OpenResponse = Pick<StreamedResponse, 'context' | 'transport' | 'outlivesToken' | 'cut'>

export interface LongLivedConnectionsDeps {
  /** Every request to an upstream that is under way, in whatever state. */
  readonly open: () => Iterable<OpenResponse>
  readonly sessions: Pick<Sessions, 'onEnded'>
  readonly reauthorize: Reauthorize
  /** Re-authorization interval, ms. A request that began within one interval is authorized again from the next on. */
  readonly intervalMs: number
  readonly events?: ConnectionEvents
}

/** Requests that are authorized again in one go; others are served between two batches. */
const BATCH = 50

/**
 * No request outlives what admitted it: WebSockets, streams, long polls, downloads and uploads. Those of a session that
 * ends are cut at once; the others are authorized again at every interval. No request is registered for this: the
 * connections to the upstreams know what is under way.
 */
export class LongLivedConnections {
  readonly #deps: LongLivedConnectionsDeps
  readonly #timer: NodeJS.Timeout
  readonly #unsubscribe: () => void
  #seen = new WeakSet<OpenResponse>()
  #running: Promise<void> | undefined

  constructor(deps: LongLivedConnectionsDeps) {
    this.#deps = deps
    this.#unsubscribe = deps.sessions.onEnded((key) => this.#cutSession(key))
    this.#timer = setInterval(() => void this.reauthorizeAll(), deps.intervalMs).unref()
  }

  /** Authorizes again what was open at the previous run and still is. A run that takes long is not begun a second time. */
  reauthorizeAll(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Authorizes open WebSockets again at once, because the rules have changed. Responses follow at the next intervals. */
  async reauthorizeWebSockets(): Promise<void> {
    await this.#reauthorizeEach([...this.#deps.open()].filter(({ outlivesToken }) => !outlivesToken))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#unsubscribe()
  }

  /** A process that stops waits for responses, not for WebSockets. */
  endWebSockets(): void {
    for (const { context, transport } of [...this.#deps.open()]) {
      if (!isWebSocket(context.head)) continue
      transport.request.socket.destroy()
      this.#deps.events?.cut('draining')
    }
  }

  #cutSession(key: string): void {
    // A public route took nothing from the session.
    const ofSession = [...this.#deps.open()].filter(
      ({ context: { caller, admission } }) => caller?.session?.key === key && admission?.principal !== undefined,
    )
    for (const response of ofSession) {
      response.cut(new Refusal('login-required', 'the session ended during the request'))
      this.#deps.events?.cut('session-ended')
    }
  }

  async #run(): Promise<void> {
    const open = [...this.#deps.open()]
    const seenBefore = open.filter((response) => this.#seen.has(response))
    this.#seen = new WeakSet(open)
    await this.#reauthorizeEach(seenBefore)
  }

  async #reauthorizeEach(responses: readonly OpenResponse[]): Promise<void> {
    for (let at = 0; at < responses.length; at += BATCH) {
      await Promise.all(responses.slice(at, at + BATCH).map((response) => this.#reauthorize(response)))
      await yieldToOthers()
    }
  }

  async #reauthorize(response: OpenResponse): Promise<void> {
    const { reauthorize, events } = this.#deps
    try {
      await reauthorize(response.context, response.outlivesToken)
      events?.reauthorized(true)
    } catch (error) {
      if (isNoDecision(error)) return
      events?.reauthorized(false)
      events?.cut(error instanceof Refusal ? error.reason : 'internal')
      response.cut(error)
    }
  }
}

/** A store or issuer that cannot be reached, or must not be asked now, says nothing about any caller. */
const isNoDecision = (error: unknown) =>
  error instanceof Refusal && (error.reason === 'rate-limited' || (error.status >= 500 && error.reason !== 'internal'))
