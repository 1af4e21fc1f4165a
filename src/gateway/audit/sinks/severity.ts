import type { AuditEvent } from '../event.ts'

/** How urgent an event is. `notice`: a denial, which is the gateway's normal work and nothing to repair. */
export type Severity = 'error' | 'warning' | 'notice' | 'info'

const WARNINGS: ReadonlySet<string> = new Set(['events-lost', 'file-changed', 'config-refused'])

export function severityOf({ event, decision, status = 0 }: AuditEvent): Severity {
  if (decision === 'denied') return status >= 500 ? 'error' : 'notice'
  return WARNINGS.has(event) ? 'warning' : 'info'
}
