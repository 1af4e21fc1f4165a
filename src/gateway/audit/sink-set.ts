import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '../../shared/message-of.ts'
import { StartError } from '../../shared/start-error.ts'
import type { Config } from '../config/schema.ts'
import { sinkNameOf } from '../config/sink-name.ts'
import type { SinkState } from '../observability/metrics/audit-metrics.ts'
import { Delivery } from './delivery.ts'
import { AuditFile } from './file/audit-file.ts'
import { pathForSlot } from './file/file-names.ts'
import { FileSink } from './sinks/file-sink.ts'
import { OtlpSink } from './sinks/otlp-sink.ts'
import type { Notice, Sink } from './sinks/sink.ts'
import { SyslogSink } from './sinks/syslog-sink.ts'
import type { TrailOptions } from './trail-options.ts'

type Audit = Config['audit']
type SinkSettings = Audit['sinks'][number]

interface OpenSink {
  readonly settings: SinkSettings
  readonly capacity: number
  readonly delivery: Delivery
}

/** Settings whose files can be written. */
export interface PreparedSinks {
  readonly audit: Audit
}

/** How long a sink that is no longer configured may take to write what it has, ms. */
const LAST_MS = 5000

/** The sinks with a queue: all but the log. */
export class SinkSet {
  /** Those of the current configuration. */
  open: readonly Delivery[] = []
  #options: TrailOptions & { readonly notice: Notice }
  #sinks: OpenSink[] = []
  #logName: string | undefined

  constructor(options: TrailOptions & { readonly notice: Notice }) {
    this.#options = options
  }

  /** Name of the log among the sinks. */
  get logName(): string {
    return this.#logName ?? 'log'
  }

  get states(): readonly SinkState[] {
    const log = this.#logName === undefined ? [] : [{ name: this.#logName, works: true, queued: 0 }]
    return [...log, ...this.open.map(({ name, works, fault, queued }) => ({ name, works, fault, queued }))]
  }

  /** Checks that each new file can be opened. @throws StartError */
  async prepare(audit: Audit): Promise<PreparedSinks> {
    for (const [index, settings] of audit.sinks.entries()) {
      if (settings.type !== 'file' || this.#openWith(settings)) continue
      const path = pathForSlot(settings.path, this.#options.slot)
      const file = new AuditFile(path)
      try {
        await file.check()
      } catch (error) {
        const hint = 'Check the path, and the permissions of its folder.'
        throw new StartError(`audit.sinks.${index}.path: the file cannot be written (${messageOf(error)}). ${hint}`)
      }
    }
    return { audit }
  }

  /** Keeps sinks whose settings stay, hands queues over to those that change, and lets the others finish. */
  apply({ audit }: PreparedSinks): void {
    const previous = this.#sinks
    this.#sinks = audit.sinks
      .filter(({ type }) => type !== 'log')
      .map((settings) => this.#keptOrNew(settings, audit.queueEvents))
    this.open = this.#sinks.map(({ delivery }) => delivery)
    const log = audit.sinks.find(({ type }) => type === 'log')
    this.#logName = log && sinkNameOf(log)
    for (const { delivery } of previous) {
      if (!this.open.includes(delivery) && !delivery.isHandedOver) void delivery.close(LAST_MS)
    }
  }

  async close(ms: number): Promise<void> {
    await Promise.all(this.open.map((delivery) => delivery.close(ms)))
  }

  #openWith(settings: SinkSettings): OpenSink | undefined {
    return this.#sinks.find((sink) => isDeepStrictEqual(sink.settings, settings))
  }

  #keptOrNew(settings: SinkSettings, capacity: number): OpenSink {
    const kept = this.#openWith(settings)
    if (kept?.capacity === capacity) return kept
    const name = sinkNameOf(settings)
    // By file first: where two sinks swap their names, each must wait for the one that writes its file now.
    const replaced = (
      this.#sinks.find((sink) => isSameFile(sink.settings, settings)) ??
      this.#sinks.find(({ delivery: { name: previous } }) => previous === name)
    )?.delivery
    const sink = this.#buildSink(settings)
    // Two that write one file must not do so at once: the next one begins when the previous one has ended.
    const after = replaced?.handOver().then((rest) => delivery.inherit(rest))
    const delivery: Delivery = new Delivery({ ...this.#options, name, sink, capacity, ...(after && { after }) })
    return { settings, capacity, delivery }
  }

  #buildSink(settings: SinkSettings): Sink {
    if (settings.type === 'file')
      return new FileSink(pathForSlot(settings.path, this.#options.slot), settings, this.#options)
    if (settings.type === 'syslog') return new SyslogSink(settings)
    if (settings.type === 'otlp') return new OtlpSink(settings)
    throw new Error('the log has no queue')
  }
}

const isSameFile = (one: SinkSettings, other: SinkSettings) =>
  one.type === 'file' && other.type === 'file' && one.path === other.path
