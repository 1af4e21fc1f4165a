import { whoOf } from '../audit/administration.ts'
import { type AuditDraft, plainText } from '../audit/event.ts'
import type { AuditTrail } from '../audit/trail.ts'
import type { Config } from '../config/schema.ts'
import type { Refusal } from '../errors.ts'
import type { Occurrence } from '../http/occurrence.ts'
import { isWebSocket } from '../http/websocket.ts'
import { claimedProject } from '../routing/claimed-project.ts'
import type { RequestContext } from '../routing/request-context.ts'

/** How a response ended. */
export interface Outcome {
  /** As the client received it; undefined where the connection closed before a response. */
  readonly status: number | undefined
  /** Since the request arrived. */
  readonly milliseconds: number
  /** False where the response was cut off. */
  readonly isWhole: boolean
}

/** Turns requests into events of the audit trail. */
export interface RequestAudit {
  /** A response has finished, or its connection has closed. */
  finished(context: RequestContext, outcome: Outcome): void
  /** Bytes that were no request were denied. */
  unparsed(client: string, requestId: string, denial: Refusal): void
}

export function buildRequestAudit(
  { audit, log }: Pick<Config, 'audit' | 'log'>,
  trail: Pick<AuditTrail, 'record'>,
): RequestAudit {
  const recordsReads = (audit.reads ?? (log.requests === 'all' ? 'all' : 'none')) === 'all'

  /** Whether an allowed request is recorded. What a WebSocket carries is not known: it counts as writing. */
  function isRecorded({ decision, use, head }: RequestContext): boolean {
    if (!decision?.allow) return false
    // An administrator's access to a project is always recorded: nobody else sees it happen.
    return (
      recordsReads ||
      isWriting(use) ||
      isWebSocket(head) ||
      (decision.role === 'admin' && decision.project !== undefined)
    )
  }

  return {
    finished(context, outcome) {
      const { denial, occurrence } = context
      if (denial !== undefined) trail.record(denied(context, outcome, denial), failureOf(denial))
      else if (occurrence !== undefined) trail.record(occurred(context, outcome, occurrence))
      else if (isRecorded(context)) trail.record(allowed(context, outcome))
    },
    unparsed(client, requestId, denial) {
      const { reason, status, message } = denial
      const what = { event: 'refused', category: 'access', action: 'request', decision: 'denied', reason } as const
      const request = { client, status, method: '', duration_ms: 0, bytes: 0, request_id: requestId }
      trail.record({ ...what, detail: message, ...request }, failureOf(denial))
    },
  }
}

/** Whether requests of this use change something. */
export const isWriting = (use: RequestContext['use']): boolean => use === 'write' || use === 'admin'

/** Failures of the gateway, or of what is behind it, are for the log too. */
const failureOf = (denial: Refusal) => (denial.status >= 500 ? { cause: denial.cause } : undefined)

function denied(context: RequestContext, outcome: Outcome, { reason, message }: Refusal): AuditDraft {
  const { endpoint, use } = context
  const action = endpoint === undefined ? undefined : SIGN_IN_ACTIONS[endpoint]
  return {
    event: 'refused',
    category: action === undefined ? 'access' : 'authentication',
    action: action ?? use ?? 'request',
    decision: 'denied',
    reason,
    detail: plainText(message, 500),
    ...requestFields(context, outcome),
    ...requestedProject(context),
  }
}

/** What a denied request named: without it, nobody could see who tries to reach a project. */
function requestedProject(context: RequestContext): Pick<AuditDraft, 'requested_project'> {
  if (context.admission?.project !== undefined) return {}
  const claimed = claimedProject(context)
  return claimed !== undefined && 'value' in claimed ? { requested_project: plainText(claimed.value, 256) } : {}
}

function allowed(context: RequestContext, outcome: Outcome): AuditDraft {
  const { decision, use = 'denied' } = context
  return {
    event: 'allowed',
    category: 'access',
    action: use,
    decision: 'allowed',
    reason: decision?.reason,
    role: decision?.allow ? decision.role : undefined,
    ...requestFields(context, outcome),
  }
}

function occurred(context: RequestContext, outcome: Outcome, occurrence: Occurrence): AuditDraft {
  const { event, action, ended, project, targetIssuer, targetSubject } = occurrence
  return {
    event,
    category: 'authentication',
    action,
    decision: 'allowed',
    ...requestFields(context, outcome),
    ...(project && { project: project.id, project_name: plainText(project.name, 256) }),
    target_subject: plainText(targetSubject, 256),
    target_issuer: plainText(targetIssuer, 1024),
    ended,
  }
}

/** What the sign-in endpoints were asked for. */
const SIGN_IN_ACTIONS: Readonly<Record<string, string>> = {
  '/auth/login': 'sign-in',
  '/auth/callback': 'sign-in',
  '/auth/logout': 'sign-out',
  '/auth/logout-everywhere': 'sign-out-everywhere',
  '/auth/backchannel-logout': 'back-channel-logout',
  '/auth/frontchannel-logout': 'front-channel-logout',
  '/auth/project': 'select-project',
}

function requestFields(
  context: RequestContext,
  { status, milliseconds, isWhole }: Outcome,
): Omit<AuditDraft, 'event' | 'category' | 'action'> {
  const { head, traceId, host, target, route, endpoint, caller, use, admission, sentBytes } = context
  return {
    ...whoOf(caller?.principal, caller?.session?.key),
    client: head.clientAddress,
    user_agent: plainText(head.headers['user-agent'], 120),
    method: head.method,
    host: host || undefined,
    path: plainText(target?.path, 1024),
    route: route?.name ?? endpoint,
    application: route?.profile.app,
    operation: operationOf(context),
    use,
    project: admission?.project?.id,
    project_name: plainText(admission?.project?.name, 256),
    status,
    duration_ms: Math.round(milliseconds * 10) / 10,
    bytes: sentBytes,
    ...(isWhole ? {} : { incomplete: true }),
    request_id: head.requestId,
    trace_id: traceId,
  }
}

/** The application's own name of what was asked for, or what is known of it without one. */
function operationOf({ route, appRequest, use }: RequestContext): string | undefined {
  if (route === undefined || appRequest === undefined) return undefined
  return route.profile.operation?.(appRequest) ?? `${route.profile.app}.${use ?? 'request'}`
}
