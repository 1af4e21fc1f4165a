import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBackground } from './background.ts'
import { ensureGoProgram } from './go-program.ts'
import { type CollectedSpan, spansOf } from './otlp-spans.ts'
import { freePort } from './ports.ts'
import { type Progress, toStderr } from './progress.ts'

/** Resolves to the path of the program. @throws PartMissing */
export const ensureOtelCollector = (progress: Progress = toStderr) =>
  ensureGoProgram('otel-collector', 'the OpenTelemetry Collector', progress)

export interface OtelCollector {
  /** Base URL of OTLP over HTTP. */
  readonly url: string
  /** Everything received so far. */
  spans(): CollectedSpan[]
  close(): Promise<void>
}

/** A collector that writes what it receives into a file. */
export async function startOtelCollector(): Promise<OtelCollector> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'otel-collector-'))
  const output = join(folder, 'spans.json')
  const collector = await startConfiguredCollector({ port, folder, config: collectorConfig(port, output) })
  return {
    ...collector,
    spans: () => (existsSync(output) ? readFileSync(output, 'utf8').split('\n').filter(isWhole).flatMap(spansOf) : []),
  }
}

export interface ConfiguredCollector {
  /** Of its receiver of OTLP over HTTP, as in the configuration. */
  readonly port: number
  /** Removed with the collector. */
  readonly folder: string
  /** JSON or YAML. */
  readonly config: string
  readonly env?: Record<string, string>
}

/** A collector with any configuration. */
export async function startConfiguredCollector(options: ConfiguredCollector): Promise<Omit<OtelCollector, 'spans'>> {
  const program = await ensureOtelCollector()
  const { port, folder } = options
  const config = join(folder, 'collector.yaml')
  writeFileSync(config, options.config)
  const url = `http://127.0.0.1:${port}`
  const background = await startBackground({
    name: 'OpenTelemetry Collector',
    command: program,
    args: ['--config', config],
    logFile: join(folder, 'collector.log'),
    ...(options.env && { env: options.env }),
    readyUrl: () => isReady(url),
    readySeconds: 20,
  })
  return {
    url,
    async close() {
      await background.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const collectorConfig = (port: number, output: string) =>
  JSON.stringify({
    receivers: {
      otlp: {
        protocols: { http: { endpoint: `127.0.0.1:${port}` } },
      },
    },
    exporters: { file: { path: output, flush_interval: '100ms' } },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } },
    },
  })

/** An empty export is accepted. */
async function isReady(url: string): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const sent = fetch(`${url}/v1/traces`, { method: 'POST', headers, body: '{"resourceSpans":[]}' })
  return await sent.then(
    ({ ok }) => ok,
    () => false,
  )
}

/** The last line may still be on its way. */
const isWhole = (line: string) => line.startsWith('{') && line.endsWith('}')
