import type { AdministrationEntry as AuditEntry } from '../audit/administration.ts'

/**
 * What an administrator did, for the audit trail: in the console, or with the session API. It contains no secret, and no
 * data of a session but whose it was.
 */
export interface AdministrationEntry extends AuditEntry {
  readonly action: AdministrationAction
}

export type AdministrationAction =
  | 'console.sign-in'
  | 'console.sign-out'
  | 'console.view'
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

/** Records what was done or denied. Returns at once and never throws. */
export type RecordAdministration = (entry: AdministrationEntry) => void

/** Whoever has the shared token, as people read it. */
export const TOKEN_ACTOR = 'administration token'
