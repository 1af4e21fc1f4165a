import type { Claims } from '../issuer/claims.ts'
import type { Principal } from '../policy/types.ts'

/** Claims that tell of a person's sign-in; a client that speaks for itself has none of them. */
const MARKS_OF_A_PERSON = ['sid', 'session_state', 'auth_time', 'amr', 'act'] as const

/**
 * Whether a token speaks for a person or for the client it was issued to (RFC 9068 §5). A machine's token has the
 * client as subject (RFC 9068 §2.2), or that client's service account: Keycloak names it `service-account-<client id>`.
 * A person may have registered under such a name, but signed in, and a sign-in leaves its mark (`sid`).
 */
export function callerKind(claims: Claims): Pick<Principal, 'kind' | 'clientId'> {
  const client = clientIdOf(claims)
  if (client === undefined) return { kind: 'person' }
  const signedIn = MARKS_OF_A_PERSON.some((mark) => Object.hasOwn(claims, mark))
  const named = claims.sub === client || claims.preferred_username === `service-account-${client.toLowerCase()}`
  return { kind: named && !signedIn ? 'machine' : 'person', clientId: client }
}

/** The client a token was issued to; two claims that disagree name none. */
function clientIdOf({ client_id, azp }: Claims): string | undefined {
  if (typeof client_id === 'string' && typeof azp === 'string' && client_id !== azp) return undefined
  const client = client_id ?? azp
  return typeof client === 'string' && client !== '' ? client : undefined
}
