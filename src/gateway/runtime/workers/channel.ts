import type { FieldError } from '../../../shared/settings/field-errors.ts'
import type { Config } from '../../config/schema.ts'
import type { ReplicaState } from '../../console/gateway-state.ts'
import type { MetricSnapshot } from './worker-totals.ts'

/** The requests between the supervisor and its workers, each with its response. */
export interface ChannelMethods {
  /** Worker to supervisor: the current configuration. */
  config: { request: undefined; response: Config }
  /** Worker to supervisor: this worker accepts connections. */
  serving: { request: undefined; response: undefined }
  /** Worker to supervisor: this worker cannot start, in a sentence for the user. */
  failed: { request: string; response: undefined }
  /** Worker to supervisor: the metrics of all workers, as text. */
  exposition: { request: undefined; response: string }
  /** Worker to supervisor: its last metrics, before it exits. */
  finished: { request: MetricSnapshot[]; response: undefined }
  /** Worker to supervisor: the processes of this replica and their reloads. */
  replica: { request: undefined; response: ReplicaState }
  /** Supervisor to worker: build what a configuration needs. Without errors the worker is ready to switch. */
  prepare: { request: Config; response: readonly FieldError[] }
  /** Supervisor to worker: switch to what was prepared, or discard it. */
  commit: { request: undefined; response: undefined }
  abort: { request: undefined; response: undefined }
  /** Supervisor to worker: its metrics, in the format of prom-client. */
  metrics: { request: undefined; response: MetricSnapshot[] }
}

type Method = keyof ChannelMethods

/** One side's implementation of the methods that the other side requests. */
export type ChannelHandlers<M extends Method> = {
  readonly [N in M]: (
    request: ChannelMethods[N]['request'],
  ) => ChannelMethods[N]['response'] | Promise<ChannelMethods[N]['response']>
}

/** One end of the IPC channel that Node opens: `process` in a worker, the worker in its supervisor. */
export interface Port {
  /** @param sent Called with the error when the message cannot be written. Without it, Node emits an `error` event. */
  send?(message: object, sent: (error: Error | null) => void): unknown
  on(event: 'message', listener: (message: unknown) => void): unknown
}

interface RequestMessage {
  readonly gateway: 'request'
  readonly id: number
  readonly method: string
  readonly body?: unknown
}

interface ResponseMessage {
  readonly gateway: 'response'
  readonly id: number
  readonly body?: unknown
  readonly error?: string
}

/** Requests and responses between two processes, in both directions. `M`: the methods that this side handles. */
export class WorkerChannel<M extends Method> {
  readonly #port: Port
  readonly #handlers: ChannelHandlers<M>
  readonly #pending = new Map<number, { resolve(body: unknown): void; reject(error: Error): void }>()
  #lastId = 0

  constructor(port: Port, handlers: ChannelHandlers<M>) {
    this.#port = port
    this.#handlers = handlers
    port.on('message', (message) => this.#receive(message as Partial<RequestMessage | ResponseMessage>))
  }

  /** @throws Error when the other side fails, exits, or does not respond within `timeoutMs` */
  request<N extends Exclude<Method, M>>(
    method: N,
    body: ChannelMethods[N]['request'],
    timeoutMs: number,
  ): Promise<ChannelMethods[N]['response']> {
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const timeout = () => reject(new Error(`no response to ${method} within ${timeoutMs} ms`))
    const timer = setTimeout(timeout, timeoutMs).unref()
    this.#pending.set(id, { resolve, reject })
    this.#send({ gateway: 'request', id, method, body })
    return promise.finally(() => {
      clearTimeout(timer)
      this.#pending.delete(id)
    }) as Promise<ChannelMethods[N]['response']>
  }

  /** The other process has exited: pending requests fail. */
  close(): void {
    for (const { reject } of this.#pending.values()) reject(new Error('the other process has exited'))
  }

  #receive(message: Partial<RequestMessage | ResponseMessage>): void {
    if (message.gateway === 'request') void this.#handle(message as RequestMessage)
    if (message.gateway !== 'response') return
    const { id, body, error } = message as ResponseMessage
    const pending = this.#pending.get(id)
    if (error === undefined) pending?.resolve(body)
    else pending?.reject(new Error(error))
  }

  async #handle({ id, method, body }: RequestMessage): Promise<void> {
    try {
      const handler = this.#handlers[method as M] as (body: unknown) => unknown
      this.#send({ gateway: 'response', id, body: await handler(body) })
    } catch (error) {
      this.#send({ gateway: 'response', id, error: error instanceof Error ? error.message : 'failed' })
    }
  }

  /** A message that cannot be written fails its request; nobody waits for a response that cannot be written. */
  #send(message: RequestMessage | ResponseMessage): void {
    const failed = (error: unknown) => {
      if (message.gateway === 'request' && error instanceof Error) this.#pending.get(message.id)?.reject(error)
    }
    try {
      this.#port.send?.(message, failed)
    } catch (error) {
      failed(error)
    }
  }
}
