import { type Reason, Refusal } from '../errors.ts'
import type { UpstreamError, UpstreamErrorKind } from '../upstream/errors.ts'

/** What a client is told about each failure of an upstream. */
const REASONS: Record<UpstreamErrorKind, Reason> = {
  unreachable: 'upstream-down',
  busy: 'upstream-timeout',
  timeout: 'upstream-timeout',
  invalid: 'upstream-invalid',
  'client-stalled': 'request-timeout',
  sink: 'internal',
}

/** The refusal for a failed exchange. A refusal that the receiver of the response threw is passed on as it is. */
export function denialOf({ kind, message, cause }: UpstreamError): Refusal {
  if (kind === 'sink' && cause instanceof Refusal) return cause
  return new Refusal(REASONS[kind], message, { cause })
}
