import cluster from 'node:cluster'
import type { Config } from '../../config/schema.ts'
import { faultsOf, type Prepared } from '../reload.ts'
import type { RunningServer } from '../start.ts'
import { WorkerChannel } from './channel.ts'

/** Longest wait for the supervisor, ms; `/metrics` waits for all workers behind it. */
const SUPERVISOR_MS = 10_000

/** True in a process that a supervisor started. */
export const isWorker = () => cluster.isWorker

/** A worker as its supervisor sees it: does what it is told, and knows no file. */
export class WorkerSide {
  readonly #line: WorkerChannel<'prepare' | 'commit' | 'abort' | 'measure'>
  #server: RunningServer | undefined
  #prepared: Prepared | undefined

  constructor() {
    this.#line = new WorkerChannel(process, {
      prepare: (config) => this.#prepare(config),
      commit: async () => void (await this.#take()?.commit()),
      abort: () => void this.#take()?.abort(),
      measure: async () => (await this.#server?.metrics.registry.getMetricsAsJSON()) ?? [],
    })
  }

  /** The configuration in force. */
  config(): Promise<Config> {
    return this.#line.ask('config', undefined, SUPERVISOR_MS)
  }

  /** What all workers measure, for `/metrics`. */
  exposition(): Promise<string> {
    return this.#line.ask('exposition', undefined, SUPERVISOR_MS)
  }

  /** This worker listens. */
  async serves(server: RunningServer): Promise<void> {
    this.#server = server
    await this.#line.ask('serving', undefined, SUPERVISOR_MS)
  }

  async #prepare(config: Config) {
    try {
      if (this.#server === undefined) throw new Error('the worker is starting')
      this.#take()?.abort()
      this.#prepared = await this.#server.prepare(config)
      return []
    } catch (error) {
      return faultsOf(error)
    }
  }

  #take(): Prepared | undefined {
    const prepared = this.#prepared
    this.#prepared = undefined
    return prepared
  }
}
