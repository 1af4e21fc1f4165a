import type { Config } from '../config/schema.ts'
import type { Logger } from '../observability/log.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Tracing } from '../observability/tracing/tracing.ts'
import { packageVersion } from './package-version.ts'

/** Starts tracing where the configuration has it. The OpenTelemetry SDK is loaded here, and nowhere else. */
export async function openTracing(
  { observability, server }: Config,
  { spans }: Pick<Metrics, 'spans'>,
  log: Logger,
): Promise<Tracing | undefined> {
  const settings = observability.tracing
  if (settings === undefined) return undefined
  const { startTracing } = await import('../observability/tracing/start-tracing.ts')
  const scheme = new URL(server.publicUrl).protocol.slice(0, -1)
  return startTracing({ settings, scheme, version: packageVersion(), counted: spans, log })
}
