import type { AppEvent } from '../apps/profile.ts'
import { type AuditDraft, plainText } from '../audit/event.ts'

const text = (value: string | number | undefined, length: number) =>
  value === undefined ? undefined : plainText(String(value), length)

/** What only an application's profile knows, as an event of the audit trail. */
export function appDraft(event: AppEvent): AuditDraft {
  const { host, object, seconds, user, subject, project, path, route, request_id } = event
  const detail = host === undefined ? undefined : `${host}${object ?? ''}, valid for ${seconds ?? '?'} s`
  return {
    event: event.event,
    category: 'access',
    action: 'transfer',
    decision: 'allowed',
    detail: plainText(detail, 1024),
    subject: text(subject, 256),
    user: text(user, 256),
    path: text(path, 1024),
    route: text(route, 256),
    project: text(project, 64),
    request_id,
  }
}
