import type { Refusal } from '../errors.ts'
import type { Decision } from '../policy/types.ts'
import type { Logger } from './log.ts'

/**
 * What the audit log says of one request once its response has finished: who did what, where, and what became of it.
 * Queries, cookies and tokens stay out: they may contain anything.
 */
export interface RequestRecord {
  readonly request_id: string
  /** Absent while tracing is off. */
  readonly trace_id?: string | undefined
  readonly method: string
  readonly host: string | undefined
  readonly path: string | undefined
  readonly route: string | undefined
  /** Address of the client. */
  readonly client: string
  readonly subject: string | undefined
  readonly user: string | undefined
  readonly kind: string | undefined
  readonly project: string | undefined
  /** As the client received it; undefined where the connection closed before a response. */
  readonly status: number | undefined
  readonly duration_ms: number
  /** Bytes of the response body. */
  readonly bytes: number
  /** Present where the response was cut off. */
  readonly incomplete?: true
}

export type Allowed = Decision & { readonly allow: true }

export interface Audit {
  /** Whether a request that was allowed by this decision is recorded. */
  records(decision: Allowed): boolean
  allowed(record: RequestRecord, decision: Allowed): void
  denied(record: RequestRecord, denial: Refusal): void
}

/** @param which Requests that are logged, beside failures of the gateway: `log.requests` */
export function buildAudit(which: 'all' | 'refused' | 'none', log: Logger): Audit {
  return {
    // An administrator's access to a project is always recorded: nobody else sees it happen.
    records: ({ role, project }) => which === 'all' || (role === 'admin' && project !== undefined),
    allowed: (record, { reason, role }) => log.info({ event: 'allowed', ...record, reason, role }),
    denied(record, denial) {
      const line = { event: 'refused', ...record, reason: denial.reason, detail: denial.message }
      if (denial.status >= 500) log.error({ ...line, cause: causeOf(denial.cause) })
      else if (which !== 'none') log.info(line)
    },
  }
}

const causeOf = (cause: unknown) =>
  cause instanceof Error
    ? { name: cause.name, message: cause.message, code: Reflect.get(cause, 'code'), stack: cause.stack }
    : undefined
