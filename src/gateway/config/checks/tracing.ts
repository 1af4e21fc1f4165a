import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config } from '../schema.ts'
import { transportErrors } from './transport.ts'

/** The headers of the receiver may contain a key. Spans alone contain no secret, and many receivers are inside a cluster. */
export function tracingErrors({ tracing }: Config['observability'], server: Config['server']): CheckError[] {
  if (tracing === undefined || Object.keys(tracing.headers).length === 0) return []
  return transportErrors('observability.tracing.endpoint', tracing.endpoint, server)
}
