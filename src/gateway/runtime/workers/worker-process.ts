import type { Worker } from 'node:cluster'
import type { FieldError } from '../../../shared/settings/field-errors.ts'
import type { Config } from '../../config/schema.ts'
import { type ChannelHandlers, WorkerChannel } from './channel.ts'
import type { MetricSnapshot } from './worker-totals.ts'

/** How long a worker may prepare, ms: it may ask an issuer (`issuer.timeoutSeconds`, at most a minute) twice. */
const PREPARE_MS = 150_000
/** How long a worker that is ready may take to switch, ms. */
const SWITCH_MS = 5000
const METRICS_MS = 5000

type Methods = 'config' | 'serving' | 'failed' | 'exposition' | 'finished' | 'replica'

/** A worker as its supervisor sees it. */
export class WorkerProcess {
  readonly startedAt = Date.now()
  /** The configuration that it was started with or has switched to. */
  config: Config
  serving = false
  /** Whether it has ever accepted connections. */
  hasServed = false
  /** The last metrics that are known of it. */
  measured: readonly MetricSnapshot[] = []
  readonly #worker: Worker
  readonly #channel: WorkerChannel<Methods>

  constructor(worker: Worker, config: Config, handlers: (self: WorkerProcess) => ChannelHandlers<Methods>) {
    this.#worker = worker
    this.config = config
    this.#channel = new WorkerChannel(worker, handlers(this))
  }

  get pid(): number | undefined {
    return this.#worker.process.pid
  }

  /** Builds what the configuration needs, beside what serves. No errors: ready. */
  prepare(next: Config): Promise<readonly FieldError[]> {
    return this.#channel.request('prepare', next, PREPARE_MS)
  }

  async commit(next: Config): Promise<void> {
    await this.#channel.request('commit', undefined, SWITCH_MS)
    this.config = next
  }

  abort(): void {
    // A worker that has exited has nothing to discard.
    this.#channel.request('abort', undefined, SWITCH_MS).catch(() => undefined)
  }

  /** Reads its metrics into {@link measured}. @throws Error when a running worker does not respond */
  async measure(): Promise<void> {
    try {
      this.measured = await this.#channel.request('metrics', undefined, METRICS_MS)
    } catch (error) {
      // One that is about to exit has sent its last metrics itself.
      if (!this.#worker.isConnected() || this.#worker.isDead()) return
      throw error
    }
  }

  /** Drains. */
  stop(): void {
    this.#worker.process.kill('SIGTERM')
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  exited(): void {
    this.#channel.close()
  }
}
