import type { Principal } from '../policy/types.ts'
import { type AuditDraft, plainText } from './event.ts'

/** A noun and a verb. */
export type AdministrationAction =
  | 'console.sign-in'
  | 'console.sign-out'
  | 'console.view'
  | 'console.request'
  | 'session.administration'
  | 'session.list'
  | 'session.end'
  | 'session.end-subject'
  | 'session.end-all'
  | 'project.list'
  | 'denial.list'
  | 'denial.read'
  | 'decision.explain'
  | 'configuration.read'

/**
 * What an administrator did, on the admin listener or in the console. It contains no secret, and no data of a session but
 * whose it was.
 */
export interface AdministrationEntry {
  readonly action: AdministrationAction
  /** Default: `administration`. */
  readonly event?: 'session-ended-by-admin' | 'admin-refused' | 'administration'
  /** Default: allowed. */
  readonly decision?: 'allowed' | 'denied'
  readonly reason?: string | undefined
  readonly detail?: string | undefined
  /** Who; absent: whoever has the shared administration token. */
  readonly principal?: Principal | undefined
  /** Key of the administrator's own session. */
  readonly session?: string | undefined
  readonly client?: string | undefined
  readonly userAgent?: string | undefined
  readonly method?: string | undefined
  /** Without the query. */
  readonly path?: string | undefined
  readonly route?: string | undefined
  readonly requestId?: string | undefined
  readonly status?: number | undefined
  /** Key of the session that was changed. */
  readonly targetSession?: string | undefined
  readonly targetSubject?: string | undefined
  readonly targetIssuer?: string | undefined
  /** Number of sessions that ended. */
  readonly ended?: number | undefined
}

export function administrationDraft(entry: AdministrationEntry): AuditDraft {
  const { decision = 'allowed', principal } = entry
  return {
    event: entry.event ?? (decision === 'denied' ? 'admin-refused' : 'administration'),
    category: 'administration',
    action: entry.action,
    decision,
    reason: entry.reason ?? (principal === undefined && decision === 'allowed' ? 'admin-token' : undefined),
    detail: plainText(entry.detail, 500),
    role: decision === 'allowed' ? 'admin' : undefined,
    ...whoOf(principal, entry.session),
    client: entry.client,
    user_agent: plainText(entry.userAgent, 120),
    method: entry.method,
    path: plainText(entry.path, 1024),
    route: entry.route,
    status: entry.status,
    request_id: entry.requestId,
    target_session: entry.targetSession,
    target_subject: plainText(entry.targetSubject, 256),
    target_issuer: plainText(entry.targetIssuer, 1024),
    ended: entry.ended,
  }
}

type Who = Pick<AuditDraft, 'subject' | 'user' | 'issuer' | 'kind' | 'client_id' | 'rule' | 'session'>

/** Who is calling. @param session Key of the browser session */
export function whoOf(principal: Principal | undefined, session: string | undefined): Who | undefined {
  return (
    principal && {
      subject: plainText(principal.subject, 256),
      user: plainText(principal.username, 256),
      issuer: principal.issuer,
      kind: principal.kind,
      client_id: plainText(principal.clientId, 256),
      rule: principal.grants && plainText(principal.grants.map(({ rule }) => rule).join(' '), 256),
      session,
    }
  )
}
