import type { Config } from '../config/schema.ts'
import type { Refusal } from '../errors.ts'
import type { Decision } from '../policy/types.ts'
import type { Exchange } from '../routing/request-context.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

/** Who did what where, and why it was allowed or refused. Queries, cookies and tokens stay out: they may hold anything. */
export interface Audit {
  allowed(exchange: Audited, decision: Decision & { allow: true }): void
  refused(exchange: Audited, refusal: Refusal): void
}

/** What an audit line is made of: an exchange, or as much of one as the login side has. */
export type Audited = Pick<Exchange, 'request' | 'requestId' | 'clientAddress' | 'host'> &
  Partial<Pick<Exchange, 'route' | 'caller' | 'admitted'>> & {
    readonly target: { readonly path: string } | undefined
  }

export function buildAudit(which: Config['log']['requests'], log: Logger, metrics: Pick<Metrics, 'refused'>): Audit {
  return {
    allowed(exchange, decision) {
      // An administrator in a project is always on record: nobody else sees it happen.
      const byRight = decision.role === 'admin' && decision.project !== undefined
      if (which === 'all' || byRight)
        log.info({
          event: 'allowed',
          ...facts(exchange),
          reason: decision.reason,
          role: decision.role,
          project: decision.project?.id,
        })
    },
    refused(exchange, refusal) {
      metrics.refused(refusal.reason)
      const line = {
        event: 'refused',
        ...facts(exchange),
        reason: refusal.reason,
        status: refusal.status,
        detail: refusal.message,
      }
      if (refusal.status >= 500) log.error({ ...line, cause: causeOf(refusal.cause) })
      else if (which !== 'none') log.info(line)
    },
  }
}

function facts({ request, requestId, clientAddress, host, route, target, caller, admitted }: Audited) {
  return {
    request_id: requestId,
    method: request.method,
    host: host || undefined,
    path: target?.path,
    route: route?.name,
    client: clientAddress,
    subject: caller?.principal.subject,
    user: caller?.principal.username,
    kind: caller?.principal.kind,
    project: admitted?.project?.id,
  }
}

const causeOf = (cause: unknown) =>
  cause instanceof Error
    ? { name: cause.name, message: cause.message, code: Reflect.get(cause, 'code'), stack: cause.stack }
    : undefined
