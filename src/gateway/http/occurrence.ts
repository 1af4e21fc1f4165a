/** What a sign-in endpoint of the gateway did, for the audit trail. The request around it says who, from where and how it ended. */
export interface Occurrence {
  readonly event: 'login' | 'logout' | 'backchannel-logout' | 'frontchannel-logout' | 'project-selected'
  readonly action: string
  /** Number of sessions that ended. */
  readonly ended?: number
  readonly targetSubject?: string | undefined
  readonly targetIssuer?: string | undefined
  readonly project?: { readonly id: string; readonly name: string } | undefined
}
