import type { Logger } from 'pino'
import { type AdministrationEntry, administrationDraft } from '../../../../src/gateway/audit/administration.ts'
import type { AuditDraft } from '../../../../src/gateway/audit/event.ts'
import { type Failure, logEvent } from '../../../../src/gateway/audit/sinks/log-sink.ts'
import { buildRequestAudit, type RequestAudit } from '../../../../src/gateway/request/request-audit.ts'

type Requests = 'all' | 'refused' | 'none' | undefined

/** The audit trail as far as the log goes. */
export function logTrail(log: Logger, requests?: Requests) {
  let sequence = 0
  const record = (draft: AuditDraft, failure?: Failure) => {
    sequence += 1
    const event = { schema_version: 1, time: new Date().toISOString(), instance: 'test', sequence, ...draft } as const
    logEvent(log, event, { isSink: true, requests }, failure)
  }
  return { record, administration: (entry: AdministrationEntry) => record(administrationDraft(entry)) }
}

/** Requests of a gateway whose only sink is this log. */
export const logAudit = (log: Logger, requests?: Requests): RequestAudit =>
  buildRequestAudit(
    { audit: { onFailure: 'continue', queueEvents: 100, sinks: [{ type: 'log' }] }, log: { level: 'info', requests } },
    logTrail(log, requests),
  )
