import type { Claims } from './claims.ts'

/** Claims that only a person's sign-in produces; a client that acts for itself has none of them. */
const SIGN_IN_CLAIMS = ['sid', 'session_state', 'auth_time', 'amr', 'act'] as const

export interface CallerKind {
  readonly kind: 'person' | 'machine'
  /** The client that the token was issued to, if the token is clear about it. */
  readonly clientId?: string
}

/**
 * Whether a token represents a person or the client it was issued to (RFC 9068 §5). A machine's token has the client as
 * its subject (RFC 9068 §2.2), or the client's service account, which Keycloak names `service-account-<client id>`. A
 * person may have registered such a name, but her tokens have a sign-in claim.
 */
export function callerKind(claims: Claims): CallerKind {
  const client = clientIdOf(claims)
  if (client === undefined) return { kind: 'person' }
  const signedIn = SIGN_IN_CLAIMS.some((claim) => Object.hasOwn(claims, claim))
  const named = claims.sub === client || claims.preferred_username === `service-account-${client.toLowerCase()}`
  return { kind: named && !signedIn ? 'machine' : 'person', clientId: client }
}

/** The client a token was issued to; none, when two claims disagree. */
function clientIdOf({ client_id, azp }: Claims): string | undefined {
  if (typeof client_id === 'string' && typeof azp === 'string' && client_id !== azp) return undefined
  const client = client_id ?? azp
  return typeof client === 'string' && client !== '' ? client : undefined
}
