import type { OtlpExporter, OtlpSettings } from './otlp-exporter.ts'
import type { Entry, Sink } from './sink.ts'

/** OpenTelemetry logs over OTLP/HTTP. The SDK is loaded with the first batch: other gateways do not pay for it. */
export class OtlpSink implements Sink {
  readonly #settings: OtlpSettings
  #exporter: Promise<OtlpExporter> | undefined

  constructor(settings: OtlpSettings) {
    this.#settings = settings
  }

  async write(batch: readonly Entry[]): Promise<void> {
    this.#exporter ??= import('./otlp-exporter.ts').then(({ openOtlpExporter }) => openOtlpExporter(this.#settings))
    await (await this.#exporter).export(batch)
  }

  async close(): Promise<void> {
    const exporter = await this.#exporter?.catch(() => undefined)
    await exporter?.close().catch(() => undefined)
  }
}
