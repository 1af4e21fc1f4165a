import type { JWTPayload } from 'jose'
import { z } from 'zod'
import { parseProjectId } from '../../shared/project-id.ts'
import type { CoreConfig } from '../config.ts'
import type { Principal } from './principal.ts'

const name = z.string().min(1).max(1000)
const groups = z.array(z.string()).default([])

const assertionClaims = z.object({
  sub: name,
  preferred_username: name,
  client_id: name.optional(),
  groups,
  groups_truncated: z.boolean().default(false),
  role: z.enum(['admin', 'editor', 'viewer', 'user', 'anonymous']),
  project_id: z
    .string()
    .refine((id) => parseProjectId(id) === id)
    .optional(),
})

const tokenClaims = z.object({ sub: name, client_id: name.optional(), groups })

/** The principal of a verified assertion; undefined when its claims are not valid. */
export function principalOfAssertion(payload: JWTPayload): Principal | undefined {
  const { data } = assertionClaims.safeParse(payload)
  if (data === undefined) return undefined
  return {
    subject: data.sub,
    username: data.preferred_username,
    groups: new Set(data.groups),
    groupsComplete: !data.groups_truncated,
    machineClientId: data.client_id,
    gatewayDecision: { role: data.role, projectId: data.project_id },
  }
}

type ClaimNames = Pick<NonNullable<CoreConfig['issuer']>, 'groupsClaim' | 'usernameClaim'>

/** The principal of a verified access token; undefined when its claims are not valid. */
export function principalOfToken(payload: JWTPayload, names: ClaimNames): Principal | undefined {
  const { data } = tokenClaims.safeParse({ ...payload, groups: payload[names.groupsClaim] })
  if (data === undefined) return undefined
  const { sub, client_id } = data
  return {
    subject: sub,
    username: name.catch(sub).parse(payload[names.usernameClaim]),
    groups: new Set(data.groups),
    groupsComplete: true,
    machineClientId: isMachine(sub, client_id, payload) ? client_id : undefined,
    gatewayDecision: undefined,
  }
}

/** ID tokens, logout tokens and refresh tokens are signed by the same keys (RFC 8725 §3.11). */
export function isAccessToken(payload: JWTPayload): boolean {
  if (payload.typ !== undefined && payload.typ !== 'Bearer') return false
  return payload.nonce === undefined && payload.at_hash === undefined && payload.events === undefined
}

/** A client-credentials token: its subject is the client (RFC 9068 §5), or the client's service account (Keycloak). */
function isMachine(subject: string, clientId: string | undefined, payload: JWTPayload): boolean {
  if (clientId === undefined) return false
  return subject === clientId || payload.preferred_username === `service-account-${clientId}`
}
