import { SeverityNumber } from '@opentelemetry/api-logs'
import { ExportResultCode } from '@opentelemetry/core'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { Config } from '../../config/schema.ts'
import type { AuditEvent } from '../event.ts'
import { severityOf } from './severity.ts'
import type { Entry } from './sink.ts'

export type OtlpSettings = Extract<Config['audit']['sinks'][number], { type: 'otlp' }>

export interface OtlpExporter {
  export(batch: readonly Entry[]): Promise<void>
  close(): Promise<void>
}

/** Records are made by the SDK and exported here, so that each batch is known to have arrived or not. */
export function openOtlpExporter({ url, headers, timeoutSeconds }: OtlpSettings): OtlpExporter {
  const otlp = new OTLPLogExporter({ url, headers, timeoutMillis: timeoutSeconds * 1000 })
  let records: ReadableLogRecord[] = []
  const collect = {
    onEmit: (record: ReadableLogRecord) => void records.push(record),
    enabled: () => true,
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const resource = resourceFromAttributes({ 'service.name': 'modelops-gateway' })
  const logger = new LoggerProvider({ resource, processors: [collect] }).getLogger('modelops-gateway.audit')
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
