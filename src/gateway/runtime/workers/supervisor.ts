import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { Config } from '../../config/schema.ts'
import type { Logger } from '../../observability/log.ts'
import { gauge } from '../../observability/metrics.ts'
import type { Prepared } from '../reload.ts'
import { BackOff } from './back-off.ts'
import { WorkerChannel } from './channel.ts'
import { prepareAll } from './prepare-all.ts'

/** Longest wait for what a worker measured, ms. */
const MEASURE_MS = 5000

type ToWorker = WorkerChannel<'config' | 'serving' | 'exposition'>

/** One process that serves. */
export interface Member {
  readonly worker: Worker
  readonly line: ToWorker
  readonly bornAt: number
  /** The configuration that it was started with or switched to. */
  config: Config
  serves: boolean
}

/**
 * Runs copies of this program that share the listener, all by one configuration: it is handed to each at its start, so
 * that a worker that is replaced never reads a file that nobody accepted.
 */
export class Supervisor {
  readonly #count: number
  readonly #log: Logger
  /** What the supervisor itself measures. */
  readonly #own: Registry
  readonly #members = new Map<Worker, Member>()
  readonly #backOff = new BackOff()
  readonly #pauses = new Set<NodeJS.Timeout>()
  readonly #started = Promise.withResolvers<void>()
  #config: Config
  #allServed = false
  #stopping = false

  constructor(options: { count: number; config: Config; log: Logger; own: Registry }) {
    this.#count = options.count
    this.#config = options.config
    this.#log = options.log
    this.#own = options.own
    gauge(options.own, 'modelops_gateway_workers', 'Processes that serve.', 'max', () => this.#serving().length)
  }

  /** Resolves once all workers serve. A worker that cannot start ends everything, with exit code 1. */
  start(): Promise<void> {
    cluster.on('exit', (worker, code, signal) => this.#died(worker, code, signal))
    for (let i = 0; i < this.#count; i += 1) this.#fork()
    return this.#started.promise
  }

  /** Each worker drains by itself; this process ends with the last of them. */
  stop(): void {
    this.#stopping = true
    for (const pause of this.#pauses) clearTimeout(pause)
    for (const { worker } of this.#members.values()) worker.process.kill('SIGTERM')
  }

  /** All workers switch, or none. @throws ConfigurationError */
  async prepare(next: Config): Promise<Prepared> {
    const { switchAll, abort } = await prepareAll(this.#serving(), next)
    return {
      abort,
      commit: async () => {
        this.#config = next
        this.#log.level = next.log.level
        await switchAll()
        for (const member of this.#serving()) this.#replaceOutdated(member)
      },
    }
  }

  /** What all workers measured, added up. @throws Error when a living worker does not answer */
  async exposition(): Promise<string> {
    const measured = this.#serving().map(async ({ worker, line }) => {
      try {
        return await line.ask('measure', undefined, MEASURE_MS)
      } catch (error) {
        if (worker.isDead()) return []
        throw error
      }
    })
    const all = [...(await Promise.all(measured)), await this.#own.getMetricsAsJSON()]
    return AggregatorRegistry.aggregate(all).metrics()
  }

  #serving(): Member[] {
    return [...this.#members.values()].filter(({ serves }) => serves)
  }

  #fork(): void {
    const worker = cluster.fork()
    const line: ToWorker = new WorkerChannel(worker, {
      config: () => {
        member.config = this.#config
        return this.#config
      },
      serving: () => this.#serves(member),
      exposition: () => this.exposition(),
    })
    const member: Member = { worker, line, bornAt: Date.now(), config: this.#config, serves: false }
    this.#members.set(worker, member)
  }

  #serves(member: Member): undefined {
    member.serves = true
    this.#replaceOutdated(member)
    if (this.#allServed) this.#log.info({ event: 'worker-started', pid: member.worker.process.pid }, 'a worker serves')
    else if (this.#serving().length === this.#count) {
      this.#allServed = true
      this.#started.resolve()
    }
  }

  /** A worker that started while the others switched serves by the former configuration: another takes its place. */
  #replaceOutdated(member: Member): void {
    if (member.config === this.#config) return
    member.serves = false
    member.worker.process.kill('SIGTERM')
  }

  #died(worker: Worker, code: number, signal: string): void {
    const member = this.#members.get(worker)
    if (member === undefined) return
    this.#members.delete(worker)
    member.line.hangUp()
    if (this.#stopping) return
    const { pid } = worker.process
    if (!this.#allServed) {
      this.#log.error({ event: 'worker-died', pid, code, signal }, 'a worker could not start')
      process.exitCode = 1
      this.stop()
      return
    }
    const pause = this.#backOff.pauseAfter(Date.now() - member.bornAt)
    this.#log.error({ event: 'worker-died', pid, code, signal, pause_ms: pause }, 'a worker died; another is started')
    const timer = setTimeout(() => {
      this.#pauses.delete(timer)
      this.#fork()
    }, pause)
    this.#pauses.add(timer)
  }
}
