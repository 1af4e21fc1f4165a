import type { Config } from '../../config/schema.ts'
import type { AuditEvent } from '../event.ts'
import { severityOf } from './severity.ts'
import type { Entry, Sink } from './sink.ts'

export type OtlpSettings = Extract<Config['audit']['sinks'][number], { type: 'otlp' }>

interface Exporter {
  export(batch: readonly Entry[]): Promise<void>
  close(): Promise<void>
}

/** OpenTelemetry logs over OTLP/HTTP. The SDK is loaded with the first batch: other gateways do not pay for it. */
export class OtlpSink implements Sink {
  readonly #settings: OtlpSettings
  #exporter: Promise<Exporter> | undefined

  constructor(settings: OtlpSettings) {
    this.#settings = settings
  }

  async write(batch: readonly Entry[]): Promise<void> {
    this.#exporter ??= openExporter(this.#settings)
    await (await this.#exporter).export(batch)
  }

  async close(): Promise<void> {
    const exporter = await this.#exporter?.catch(() => undefined)
    await exporter?.close().catch(() => undefined)
  }
}

/** Records are made by the SDK and exported here, so that each batch is known to have arrived or not. */
async function openExporter({ url, headers, timeoutSeconds }: OtlpSettings): Promise<Exporter> {
  const [{ SeverityNumber }, { ExportResultCode }, { OTLPLogExporter }, { resourceFromAttributes }, sdk] =
    await Promise.all([
      import('@opentelemetry/api-logs'),
      import('@opentelemetry/core'),
      import('@opentelemetry/exporter-logs-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/sdk-logs'),
    ])
  type Record = import('@opentelemetry/sdk-logs').ReadableLogRecord
  const otlp = new OTLPLogExporter({ url, headers, timeoutMillis: timeoutSeconds * 1000 })
  let records: Record[] = []
  const collect = {
    onEmit: (record: Record) => void records.push(record),
    enabled: () => true,
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const resource = resourceFromAttributes({ 'service.name': 'modelops-gateway' })
  const logger = new sdk.LoggerProvider({ resource, processors: [collect] }).getLogger('modelops-gateway.audit')
  // OpenTelemetry has no level between information and a warning.
  const severities = { info: 'INFO', notice: 'WARN', warning: 'WARN', error: 'ERROR' } as const

  return {
    async export(batch) {
      records = []
      for (const { event, text } of batch) {
        const severityText = severities[severityOf(event)]
        const timestamp = new Date(event.time)
        const severity = { severityNumber: SeverityNumber[severityText], severityText }
        logger.emit({ timestamp, eventName: event.event, body: text, attributes: attributesOf(text), ...severity })
      }
      const result = await new Promise<{ code: number; error?: Error }>((resolve) => otlp.export(records, resolve))
      if (result.code !== ExportResultCode.SUCCESS) throw result.error ?? new Error('the collector took no logs')
    },
    close: () => otlp.shutdown(),
  }
}

/** Every field that is a text or a number, below one prefix; from the text, which is without what looks like a secret. */
function attributesOf(text: string): Record<string, string | number> {
  const attributes: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(JSON.parse(text) as AuditEvent)) {
    if (typeof value === 'string' || typeof value === 'number') attributes[`audit.${name}`] = value
  }
  return attributes
}
