import cluster, { type Worker } from 'node:cluster'
import { isDeepStrictEqual } from 'node:util'
import { AggregatorRegistry } from 'prom-client'
import { StartError } from '../../../shared/start-error.ts'
import type { AuditTrail } from '../../audit/trail.ts'
import type { Config } from '../../config/schema.ts'
import type { ReplicaState } from '../../console/gateway-state.ts'
import type { Logger } from '../../observability/log.ts'
import { PROJECT_METRICS } from '../../observability/metrics/catalogue/http.ts'
import type { Instruments } from '../../observability/metrics/instruments.ts'
import { buildStartTime, buildWorkerMetrics } from '../../observability/metrics/worker-metrics.ts'
import type { Prepared } from '../reload.ts'
import type { ReloadHistory } from '../reload-history.ts'
import { BackOff } from './back-off.ts'
import { prepareAll } from './prepare-all.ts'
import { SLOT_VARIABLE, Slots } from './slots.ts'
import { WorkerProcess } from './worker-process.ts'
import { type MetricSnapshot, WorkerTotals } from './worker-totals.ts'

/**
 * Runs copies of this program that share the listener, all with one configuration. Each worker receives it when it
 * starts, so that a replacement never reads a file that was not accepted.
 */
export class Supervisor {
  readonly #count: number
  readonly #log: Logger
  /** The supervisor's own metrics. */
  readonly #instruments: Instruments
  readonly #totals = new WorkerTotals()
  readonly #countRestart: () => void
  readonly #history: ReloadHistory
  readonly #startedAt = Date.now()
  readonly #workers = new Map<Worker, WorkerProcess>()
  readonly #backOff = new BackOff()
  readonly #restarts = new Set<NodeJS.Timeout>()
  readonly #started = Promise.withResolvers<void>()
  readonly #audit: AuditTrail
  readonly #slots = new Slots<Worker>()
  #config: Config
  #allServed = false
  /** Why the first worker could not start. */
  #failure: StartError | undefined
  #stopping = false

  constructor(options: {
    count: number
    config: Config
    log: Logger
    instruments: Instruments
    audit: AuditTrail
    history: ReloadHistory
  }) {
    this.#count = options.count
    this.#config = options.config
    this.#log = options.log
    this.#instruments = options.instruments
    this.#history = options.history
    this.#audit = options.audit
    buildStartTime(options.instruments.registry)
    this.#countRestart = buildWorkerMetrics(options.instruments, () => this.#serving().length)
  }

  /** Resolves once all workers serve. @throws StartError if a worker cannot start */
  start(): Promise<void> {
    cluster.on('exit', (worker, code, signal) => this.#exited(worker, code, signal))
    for (let i = 0; i < this.#count; i += 1) this.#fork()
    return this.#started.promise
  }

  /** Each worker drains by itself; this process ends with the last of them. */
  stop(): void {
    this.#stopping = true
    for (const restart of this.#restarts) clearTimeout(restart)
    for (const worker of this.#workers.values()) worker.stop()
  }

  /** All workers switch, or none. @throws ConfigurationError */
  async prepare(next: Config): Promise<Prepared> {
    const sinks = await this.#audit.prepare(next)
    const { switchAll, abort } = await prepareAll(this.#serving(), next)
    return {
      abort,
      commit: async () => {
        if (!isDeepStrictEqual(next.observability, this.#config.observability))
          this.#totals.forget(Object.keys(PROJECT_METRICS))
        this.#config = next
        this.#log.level = next.log.level
        sinks.commit()
        await switchAll()
        for (const worker of this.#serving()) this.#replaceOutdated(worker)
      },
    }
  }

  /**
   * The metrics of all workers, added up, with what workers that have exited had counted.
   * @throws Error when a running worker does not respond
   */
  async exposition(): Promise<string> {
    await Promise.all(
      [...this.#workers.values()].filter(({ hasServed }) => hasServed).map((worker) => worker.measure()),
    )
    const own = await this.#instruments.registry.getMetricsAsJSON()
    // Read in one go: a worker that exits moves from one to the other, and is never in both.
    const workers = [...this.#workers.values()].map(({ measured }) => measured)
    // The supervisor comes first: its own start is that of the gateway.
    return AggregatorRegistry.aggregate([own, ...workers, this.#totals.snapshots()]).metrics()
  }

  /** What the console of each worker shows of this replica. */
  replica(): ReplicaState {
    return { workers: this.#serving().length, startedAt: this.#startedAt, reloads: this.#history.results }
  }

  #serving(): WorkerProcess[] {
    return [...this.#workers.values()].filter(({ serving }) => serving)
  }

  #fork(): void {
    const slot = this.#slots.next()
    const worker = cluster.fork({ [SLOT_VARIABLE]: String(slot) })
    this.#slots.take(slot, worker)
    const handlers = (self: WorkerProcess) => ({
      config: () => {
        self.config = this.#config
        return this.#config
      },
      serving: () => this.#serves(self),
      failed: (message: string) => this.#startFailed(message),
      exposition: () => this.exposition(),
      finished: (measured: readonly MetricSnapshot[]) => {
        self.measured = measured
        return undefined
      },
      replica: () => this.replica(),
    })
    this.#workers.set(worker, new WorkerProcess(worker, this.#config, handlers))
  }

  #serves(worker: WorkerProcess): undefined {
    worker.serving = true
    worker.hasServed = true
    this.#replaceOutdated(worker)
    if (this.#allServed) this.#log.info({ event: 'worker-started', pid: worker.pid }, 'worker started')
    else if (this.#serving().length === this.#count) {
      this.#allServed = true
      this.#started.resolve()
    }
  }

  /** Ends all workers, then `start`. The first message is reported: a port that is taken is taken for all of them. */
  #startFailed(message: string): undefined {
    if (this.#allServed) this.#log.error({ event: 'worker-failed', detail: message }, 'a worker could not start')
    if (this.#allServed || this.#failure) return
    this.#failure = new StartError(message)
    for (const worker of this.#workers.values()) worker.kill()
  }

  /** A worker that started while the others switched still has the previous configuration: another one replaces it. */
  #replaceOutdated(worker: WorkerProcess): void {
    if (worker.config === this.#config) return
    worker.serving = false
    worker.stop()
  }

  #exited(worker: Worker, code: number, signal: string): void {
    const exited = this.#workers.get(worker)
    if (exited === undefined) return
    this.#workers.delete(worker)
    this.#totals.add(exited.measured)
    this.#slots.free(worker)
    exited.exited()
    if (this.#stopping && this.#workers.size === 0) void this.#audit.close()
    if (this.#stopping) return
    const { pid } = exited
    if (!this.#allServed) this.#startFailed(`Worker ${pid} exited before it was ready (${signal || `code ${code}`}).`)
    if (this.#failure) {
      if (this.#workers.size === 0) this.#started.reject(this.#failure)
      return
    }
    const pause = this.#backOff.pauseAfter(Date.now() - exited.startedAt)
    this.#log.error({ event: 'worker-died', pid, code, signal, pause_ms: pause }, 'a worker exited; it is replaced')
    this.#countRestart()
    const restart = setTimeout(() => {
      this.#restarts.delete(restart)
      this.#fork()
    }, pause)
    this.#restarts.add(restart)
  }
}
