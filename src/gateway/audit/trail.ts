import { randomBytes } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import type { SinkState } from '../observability/metrics/audit-metrics.ts'
import { redactLine } from '../observability/redact.ts'
import { type AdministrationEntry, administrationDraft } from './administration.ts'
import { type AuditDraft, type AuditEvent, SCHEMA_VERSION } from './event.ts'
import { type PreparedSinks, SinkSet } from './sink-set.ts'
import { type Failure, type LogSinkOptions, logEvent } from './sinks/log-sink.ts'
import type { Entry } from './sinks/sink.ts'
import type { TrailOptions } from './trail-options.ts'

export type AuditSettings = Pick<Config, 'audit' | 'log'>

/** Sinks that another configuration needs. Nothing was opened for them yet, so there is nothing to discard. */
export interface PreparedTrail {
  commit(): void
}

/** How long the sinks of a process that ends may take to write what they have, ms. */
const CLOSE_MS = 2000

/**
 * Whether an event is about nothing that was changed. Everybody can cause as many of these as there is bandwidth, so they
 * must not take the place of events of requests that were admitted because there was room. A WebSocket (101) may change
 * something.
 */
const changedNothing = ({ decision, use, ended, status }: AuditEvent): boolean =>
  decision === 'denied' || ended === 0 || (use === 'read' && status !== 101)

/** The audit trail of a process: it outlives each configuration. {@link record} never waits and never throws. */
export class AuditTrail {
  readonly #options: TrailOptions
  readonly #instance = randomBytes(6).toString('hex')
  readonly #sinks: SinkSet
  #log: LogSinkOptions = { isSink: false, requests: undefined }
  #sequence = 0

  private constructor(options: TrailOptions) {
    this.#options = options
    this.#sinks = new SinkSet({ ...options, notice: (draft) => this.#entry(this.#event(draft)) })
  }

  /** @throws StartError if a file cannot be written */
  static async open(settings: AuditSettings, options: TrailOptions): Promise<AuditTrail> {
    const trail = new AuditTrail(options)
    trail.#apply(settings, await trail.#sinks.prepare(settings.audit))
    trail.record({ event: 'audit-started', category: 'audit', action: 'record' })
    return trail
  }

  /** Records an event in every sink. @param failure The cause of a denial, where it is a failure that the log explains */
  record(draft: AuditDraft, failure?: Failure): void {
    const event = this.#event(draft)
    if (logEvent(this.#options.log, event, this.#log, failure) && this.#log.isSink)
      this.#options.metrics.written(this.#sinks.logName, 1)
    const { open } = this.#sinks
    if (open.length === 0) return
    const entry = this.#entry(event)
    const isReserved = !changedNothing(event)
    for (const delivery of open) delivery.offer(entry, isReserved)
  }

  /** Records what an administrator did. */
  administration(entry: AdministrationEntry): void {
    this.record(administrationDraft(entry))
  }

  /** Whether every sink writes, and has room for the events of what is admitted now. */
  get hasRoom(): boolean {
    for (const delivery of this.#sinks.open) if (!delivery.hasRoom) return false
    return true
  }

  /** Whether every sink with a queue works; undefined: there is none. */
  get works(): boolean | undefined {
    const { open } = this.#sinks
    return open.length === 0 ? undefined : open.every(({ works }) => works)
  }

  get states(): readonly SinkState[] {
    return this.#sinks.states
  }

  /** Checks the sinks of another configuration, beside the current ones. @throws StartError */
  async prepare(settings: AuditSettings): Promise<PreparedTrail> {
    const prepared = await this.#sinks.prepare(settings.audit)
    return { commit: () => this.#apply(settings, prepared) }
  }

  /** Writes what waits, for at most {@link CLOSE_MS}, and closes every sink. */
  async close(): Promise<void> {
    this.record({ event: 'audit-stopped', category: 'audit', action: 'record' })
    await this.#sinks.close(CLOSE_MS)
  }

  #apply({ audit, log }: AuditSettings, prepared: PreparedSinks): void {
    this.#sinks.apply(prepared)
    this.#log = { isSink: audit.sinks.some(({ type }) => type === 'log'), requests: log.requests }
  }

  #event(draft: AuditDraft): AuditEvent {
    this.#sequence += 1
    return {
      schema_version: SCHEMA_VERSION,
      time: new Date(this.#options.clock()).toISOString(),
      instance: this.#instance,
      sequence: this.#sequence,
      ...draft,
    }
  }

  #entry(event: AuditEvent): Entry {
    // The second defence, as in the log: nobody hands over a secret.
    return { event, text: redactLine(JSON.stringify(event)) }
  }
}
