/** Events of administrators. */
type Administration = 'administration' | 'session-ended-by-admin'

/** What an endpoint of the gateway did, for the audit trail. The request around it says who, from where and how it ended. */
export interface Occurrence {
  readonly event:
    | 'login'
    | 'logout'
    | 'backchannel-logout'
    | 'frontchannel-logout'
    | 'project-selected'
    | Administration
  readonly action: string
  /** Number of sessions that ended. */
  readonly ended?: number
  readonly targetSubject?: string | undefined
  readonly targetIssuer?: string | undefined
  readonly targetSession?: string | undefined
  readonly project?: { readonly id: string; readonly name: string } | undefined
}
