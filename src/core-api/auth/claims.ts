import type { JWTPayload } from 'jose'
import * as z from 'zod'
import { parseProjectId } from '../../shared/project-id.ts'
import { callerKind } from '../../shared/tokens/caller-kind.ts'
import { MAX_SUBJECT, textClaim, usernameOf } from '../../shared/tokens/claims.ts'
import type { CoreConfig } from '../config.ts'
import type { Principal } from './principal.ts'

const text = (max?: number) => z.string().refine((value) => textClaim(value, max) !== undefined)
const groups = z.array(z.string()).default([])

/** The gateway prefixes the subjects of additional issuers with their URL. */
const MAX_ASSERTED_SUBJECT = 1000

const assertionClaims = z.object({
  sub: text(MAX_ASSERTED_SUBJECT),
  preferred_username: text(MAX_ASSERTED_SUBJECT),
  client_id: text().optional(),
  groups,
  groups_truncated: z.boolean().default(false),
  granted: z.boolean().default(false),
  role: z.enum(['admin', 'editor', 'viewer', 'user', 'anonymous']),
  project_id: z
    .string()
    .refine((id) => parseProjectId(id) === id)
    .optional(),
})

const tokenClaims = z.object({ sub: text(MAX_SUBJECT), groups })

/** The principal of a verified assertion; undefined when its claims are not valid. */
export function principalOfAssertion(payload: JWTPayload): Principal | undefined {
  const { data } = assertionClaims.safeParse(payload)
  if (data === undefined) return undefined
  return {
    subject: data.sub,
    username: data.preferred_username,
    groups: new Set(data.groups),
    groupsComplete: !data.groups_truncated,
    isGranted: data.granted,
    machineClientId: data.client_id,
    gatewayDecision: { role: data.role, projectId: data.project_id },
  }
}

type ClaimNames = Pick<NonNullable<CoreConfig['issuer']>, 'groupsClaim' | 'usernameClaim'>

/** The principal of a verified access token; undefined when its claims are not valid. */
export function principalOfToken(payload: JWTPayload, names: ClaimNames): Principal | undefined {
  const { data } = tokenClaims.safeParse({ ...payload, groups: payload[names.groupsClaim] })
  if (data === undefined) return undefined
  const { kind, clientId } = callerKind(payload)
  return {
    subject: data.sub,
    username: usernameOf(payload, names.usernameClaim, data.sub),
    groups: new Set(data.groups),
    groupsComplete: true,
    isGranted: false,
    machineClientId: kind === 'machine' ? clientId : undefined,
    gatewayDecision: undefined,
  }
}
