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

export async function startOtelCollector(): Promise<OtelCollector> {
  const program = await ensureOtelCollector()
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'otel-collector-'))
  const output = join(folder, 'spans.json')
  const config = join(folder, 'collector.yaml')
  writeFileSync(config, collectorConfig(port, output))
  const url = `http://127.0.0.1:${port}`
  const background = await startBackground({
    name: 'OpenTelemetry Collector',
    command: program,
    args: ['--config', config],
    logFile: join(folder, 'collector.log'),
    readyUrl: () => isReady(url),
    readySeconds: 20,
  })
  return {
    url,
    spans: () => (existsSync(output) ? readFileSync(output, 'utf8').split('\n').filter(isWhole).flatMap(spansOf) : []),
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
