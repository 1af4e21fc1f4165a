import cluster from 'node:cluster'
import type { Config } from '../../config/schema.ts'
import type { ReplicaState } from '../../console/gateway-state.ts'
import { errorsOf, type Prepared } from '../reload.ts'
import type { RunningServer } from '../start.ts'
import { WorkerChannel } from './channel.ts'
import { SLOT_VARIABLE } from './slots.ts'
import type { MetricSnapshot } from './worker-totals.ts'

/** Timeout of a request to the supervisor, ms; `/metrics` waits for all workers behind it. */
const SUPERVISOR_MS = 10_000

/** Timeout of the last message to the supervisor, ms. */
const FINISHED_MS = 1000

/** True in a process that a supervisor started. */
export const isWorker = () => cluster.isWorker

/** A worker's side of the channel: it gets its configuration from the supervisor and never reads the file. */
export class WorkerSide {
  readonly #channel: WorkerChannel<'prepare' | 'commit' | 'abort' | 'metrics'>
  #server: RunningServer | undefined
  #prepared: Prepared | undefined

  constructor() {
    this.#channel = new WorkerChannel(process, {
      prepare: (config) => this.#prepare(config),
      commit: async () => void (await this.#take()?.commit()),
      abort: () => void this.#take()?.abort(),
      metrics: async () => snapshotsOf((await this.#server?.metrics.registry.getMetricsAsJSON()) ?? []),
    })
  }

  /** Its number among the workers, which its successor gets too; undefined where it was not given one. */
  get slot(): number | undefined {
    const slot = Number(process.env[SLOT_VARIABLE])
    return Number.isInteger(slot) && slot > 0 ? slot : undefined
  }

  /** The current configuration. */
  config(): Promise<Config> {
    return this.#channel.request('config', undefined, SUPERVISOR_MS)
  }

  /** The metrics of all workers, for `/metrics`. */
  exposition(): Promise<string> {
    return this.#channel.request('exposition', undefined, SUPERVISOR_MS)
  }

  /** The processes of this replica and their reloads, for the administration console. */
  replica(): Promise<ReplicaState> {
    return this.#channel.request('replica', undefined, SUPERVISOR_MS)
  }

  /** Tells the supervisor that this worker accepts connections. */
  async serves(server: RunningServer): Promise<void> {
    this.#server = server
    await this.#channel.request('serving', undefined, SUPERVISOR_MS)
  }

  /** Tells the supervisor why this worker cannot start. */
  async failed(message: string): Promise<void> {
    await this.#channel.request('failed', message, SUPERVISOR_MS)
  }

  /** Sends the last metrics, so that what this worker has counted stays in the sum. */
  async finished(): Promise<void> {
    const measured = (await this.#server?.metrics.registry.getMetricsAsJSON()) ?? []
    await this.#channel.request('finished', snapshotsOf(measured), FINISHED_MS)
  }

  async #prepare(config: Config) {
    try {
      if (this.#server === undefined) throw new Error('the worker is starting')
      this.#take()?.abort()
      this.#prepared = await this.#server.prepare(config)
      return []
    } catch (error) {
      return errorsOf(error)
    }
  }

  #take(): Prepared | undefined {
    const prepared = this.#prepared
    this.#prepared = undefined
    return prepared
  }
}

/** prom-client declares the type of a metric as an enum, and gives its name. */
const snapshotsOf = (metrics: readonly object[]) => metrics as MetricSnapshot[]
