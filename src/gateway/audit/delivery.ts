import type { Logger } from 'pino'
import { messageOf } from '../../shared/message-of.ts'
import type { AuditMetrics } from '../observability/metrics/audit-metrics.ts'
import type { Entry, Notice, Sink } from './sinks/sink.ts'
import { Wait, within } from './wait.ts'

/** Events of one batch. */
const BATCH = 500
/** How long events may wait for others to be written together with them, ms. */
const GATHER_MS = 5
/** Pause after a failure, ms: doubled up to the maximum. */
const PAUSE_MS = 100
const MAX_PAUSE_MS = 2000
/** A batch that takes longer counts as a failure of its sink until it is written, ms. */
const STALL_MS = 10_000
/** Share of the queue that is kept for events of changes: those of requests under way. */
const RESERVE = 0.1

export interface DeliveryDeps {
  readonly name: string
  readonly sink: Sink
  /** Maximum number of events that wait. */
  readonly capacity: number
  readonly log: Logger
  readonly metrics: AuditMetrics
  readonly notice: Notice
  /** The sink that this one replaces still writes until then. */
  readonly after?: Promise<unknown>
}

/** What a sink had not written when another one took over. */
export interface Remainder {
  readonly entries: Entry[]
  readonly lost: Lost
}

/** Events that found no place in the queue and were not reported yet. */
interface Lost {
  count: number
  /** Time of the first of them. */
  since: string
}

/** The bounded queue of one sink, and the loop that empties it. Only closing waits for it. */
export class Delivery {
  readonly name: string
  /** Whether another one writes what this one has. */
  isHandedOver = false
  #deps: DeliveryDeps
  #queue: Entry[] = []
  #lost: Lost = { count: 0, since: '' }
  #fault: string | undefined
  #running: Promise<void> | undefined
  #stopping = false
  readonly #wait = new Wait()

  constructor(deps: DeliveryDeps) {
    this.name = deps.name
    this.#deps = deps
    if (deps.after) void deps.after.then(() => this.#wake())
  }

  /** Takes over what another sink had not written. Called before {@link DeliveryDeps.after} resolves. */
  inherit({ entries, lost }: Remainder): void {
    this.#queue = [...entries, ...this.#queue]
    if (lost.count > 0) this.#lost = { count: this.#lost.count + lost.count, since: lost.since }
    this.#wake()
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Whether the sink writes what it gets. */
  get works(): boolean {
    return this.#fault === undefined
  }

  /** Why it does not work. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** Whether the events of requests that are admitted now will be written, as far as anybody can know. */
  get hasRoom(): boolean {
    return this.works && this.#queue.length < this.#deps.capacity * (1 - RESERVE)
  }

  /** Queues an event, or counts it as lost. @param isReserved Whether it may use the reserve */
  offer(entry: Entry, isReserved: boolean): void {
    const { capacity, metrics } = this.#deps
    if (this.#queue.length >= (isReserved ? capacity : capacity * (1 - RESERVE))) {
      if (this.#lost.count === 0) this.#firstLost(entry)
      this.#lost.count += 1
      metrics.lost(this.name, 1)
      return
    }
    this.#queue.push(entry)
    if (this.#running === undefined) this.#wake()
  }

  /** Writes what waits, for at most `ms`, and closes the sink. What is not written then is counted and logged. */
  async close(ms: number): Promise<void> {
    const { log, sink, metrics } = this.#deps
    this.#wait.endAll()
    await within(this.#settled(), ms)
    this.#stopping = true
    const left = this.#queue.splice(0).length
    if (left > 0) {
      metrics.lost(this.name, left)
      log.error(
        { event: 'audit-events-lost', sink: this.name, lost: left },
        'the process ends before they were written',
      )
    }
    await within(sink.close(), ms)
  }

  /** Ends after the batch under way. @returns what is left, for the sink that takes over */
  async handOver(): Promise<Remainder> {
    this.isHandedOver = true
    this.#stopping = true
    this.#wait.endAll()
    await this.#running
    await this.#deps.sink.close()
    const lost = this.#lost
    this.#lost = { count: 0, since: '' }
    return { entries: this.#queue.splice(0), lost }
  }

  async #settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  #firstLost({ event }: Entry): void {
    const { log } = this.#deps
    this.#lost.since = event.time
    log.error({ event: 'audit-queue-full', sink: this.name }, 'events of the audit trail are lost: the queue is full')
  }

  #wake(): void {
    if (this.#running !== undefined || this.#stopping) return
    this.#running = this.#deliver().finally(() => {
      this.#running = undefined
      if (this.#queue.length > 0) this.#wake()
    })
  }

  async #deliver(): Promise<void> {
    await this.#deps.after
    await this.#wait.pause(GATHER_MS)
    let pause = PAUSE_MS
    while (this.#queue.length > 0 && !this.#stopping) {
      const batch = this.#queue.slice(0, BATCH)
      if (await this.#write(batch)) {
        this.#queue.splice(0, batch.length)
        this.#deps.metrics.written(this.name, batch.length)
        this.#reportLost()
        pause = PAUSE_MS
      } else {
        await this.#wait.pause(pause)
        pause = Math.min(pause * 2, MAX_PAUSE_MS)
      }
    }
  }

  async #write(batch: readonly Entry[]): Promise<boolean> {
    const stalled = setTimeout(() => this.#fails(`no result within ${STALL_MS} ms`), STALL_MS)
    stalled.unref()
    try {
      await this.#deps.sink.write(batch)
      this.#succeeds()
      return true
    } catch (error) {
      this.#fails(messageOf(error))
      return false
    } finally {
      clearTimeout(stalled)
    }
  }

  /** The first thing that a sink writes again is what it could not write. */
  #reportLost(): void {
    if (this.#lost.count === 0) return
    const { count: lost, since } = this.#lost
    this.#lost = { count: 0, since: '' }
    const draft = { category: 'audit', action: 'record', sink: this.name, lost, since } as const
    this.#queue.unshift(this.#deps.notice({ event: 'events-lost', ...draft }))
  }

  #fails(detail: string): void {
    const isKnown = !this.works
    this.#fault = detail
    if (isKnown) return
    this.#deps.log.error({ event: 'audit-sink-failed', sink: this.name, detail }, 'the audit trail cannot be written')
  }

  #succeeds(): void {
    if (this.works) return
    this.#fault = undefined
    this.#deps.log.info({ event: 'audit-sink-works', sink: this.name }, 'the audit trail is written again')
  }
}
