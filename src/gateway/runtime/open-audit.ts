import type { Clock } from '../../shared/clock.ts'
import { type AuditSettings, AuditTrail } from '../audit/trail.ts'
import type { Logger } from '../observability/log.ts'
import { buildAuditMetrics } from '../observability/metrics/audit-metrics.ts'
import type { Instruments } from '../observability/metrics/instruments.ts'

/**
 * Opens the audit trail of a process, with its metrics.
 * @param slot Number of the process among those that write files of their own; undefined: it is the only one
 * @throws StartError if a file cannot be written
 */
export function openAudit(
  settings: AuditSettings,
  instruments: Instruments,
  { log, clock, slot }: { readonly log: Logger; readonly clock: Clock; readonly slot?: number | undefined },
): Promise<AuditTrail> {
  let trail: AuditTrail | undefined
  const metrics = buildAuditMetrics(instruments, () => trail?.states ?? [])
  return AuditTrail.open(settings, { log, clock, metrics, slot }).then((opened) => {
    trail = opened
    return opened
  })
}
