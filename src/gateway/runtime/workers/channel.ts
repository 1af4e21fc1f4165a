import type { FieldError } from '../../../shared/settings/field-errors.ts'
import type { Config } from '../../config/schema.ts'

/** What the supervisor and its workers ask each other, and what they answer. */
export interface ChannelRequests {
  /** Worker: which configuration is in force? */
  config: { ask: undefined; reply: Config }
  /** Worker: I serve. */
  serving: { ask: undefined; reply: undefined }
  /** Worker: what do all of us measure? */
  exposition: { ask: undefined; reply: string }
  /** Supervisor: get ready for a configuration. No faults: ready. */
  prepare: { ask: Config; reply: readonly FieldError[] }
  /** Supervisor: what was prepared takes over, or is forgotten. */
  commit: { ask: undefined; reply: undefined }
  abort: { ask: undefined; reply: undefined }
  /** Supervisor: what do you measure? In prom-client's own form. */
  measure: { ask: undefined; reply: object[] }
}

type What = keyof ChannelRequests

/** ChannelResponses one side's questions. */
export type ChannelResponses<Q extends What> = {
  readonly [W in Q]: (
    body: ChannelRequests[W]['ask'],
  ) => ChannelRequests[W]['reply'] | Promise<ChannelRequests[W]['reply']>
}

/** One end of the channel: `process` in a worker, the worker in its supervisor. */
export interface Port {
  send?(message: object): unknown
  on(event: 'message', listener: (message: unknown) => void): unknown
}

type Message =
  | { readonly gateway: 'ask'; readonly id: number; readonly what: string; readonly body?: unknown }
  | { readonly gateway: 'reply'; readonly id: number; readonly body?: unknown; readonly failed?: string }

/** ChannelRequests and answers between two processes, over the channel that Node gives them. */
export class WorkerChannel<Q extends What> {
  readonly #port: Port
  readonly #answers: ChannelResponses<Q>
  readonly #asked = new Map<number, { resolve(body: unknown): void; reject(error: Error): void }>()
  #last = 0

  constructor(port: Port, answers: ChannelResponses<Q>) {
    this.#port = port
    this.#answers = answers
    port.on('message', (message) => this.#hear(message as Partial<Message>))
  }

  /** @throws Error when the other side fails, goes away, or says nothing for `withinMs` */
  ask<W extends Exclude<What, Q>>(
    what: W,
    body: ChannelRequests[W]['ask'],
    withinMs: number,
  ): Promise<ChannelRequests[W]['reply']> {
    this.#last += 1
    const id = this.#last
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => reject(new Error(`no answer to ${what} within ${withinMs} ms`)), withinMs).unref()
    this.#asked.set(id, { resolve, reject })
    this.#send({ gateway: 'ask', id, what, body })
    return promise.finally(() => {
      clearTimeout(timer)
      this.#asked.delete(id)
    }) as Promise<ChannelRequests[W]['reply']>
  }

  /** The other side is gone: what is still asked fails. */
  hangUp(): void {
    for (const { reject } of this.#asked.values()) reject(new Error('the other process is gone'))
  }

  #hear(message: Partial<Message>): void {
    if (message.gateway === 'ask') void this.#answer(message as Message & { gateway: 'ask' })
    if (message.gateway !== 'reply') return
    const { id, body, failed } = message as Message & { gateway: 'reply' }
    const asked = this.#asked.get(id)
    if (failed === undefined) asked?.resolve(body)
    else asked?.reject(new Error(failed))
  }

  async #answer({ id, what, body }: Message & { gateway: 'ask' }): Promise<void> {
    try {
      const answer = this.#answers[what as Q] as (body: unknown) => unknown
      this.#send({ gateway: 'reply', id, body: await answer(body) })
    } catch (error) {
      this.#send({ gateway: 'reply', id, failed: error instanceof Error ? error.message : 'failed' })
    }
  }

  #send(message: Message): void {
    try {
      this.#port.send?.(message)
    } catch {
      // a channel that closes meanwhile: whoever waits is told by `hangUp`
    }
  }
}
