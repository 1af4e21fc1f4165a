import type { RequestHead } from '../../http/request-head.ts'
import type { RequestTrace } from '../../http/request-trace.ts'
import type { Principal, Project } from '../../policy/types.ts'
import { outwardGroups } from './outward-groups.ts'
import { ownerOf } from './owned-headers.ts'

/** Longest value of an identity header. */
const MAX_VALUE = 8192

/** What the gateway vouches for towards an upstream. Every field is written, so that forgetting one does not compile. */
export interface IdentityFacts {
  readonly principal: Principal | undefined
  readonly project: Project | undefined
  readonly assertion: string | undefined
  readonly requestId: string
  readonly clientAddress: string
  readonly publicHost: string
  readonly publicScheme: string
}

/**
 * The client's end-to-end headers that may pass: a flat list of names and values.
 * While tracing is on, the gateway writes the trace context, and only a trusted proxy's baggage passes.
 * Names listed in `Connection` are dropped first (RFC 9110 §7.6.1), so that a client cannot aim that rule at ours.
 */
export function passableHeaders(
  { headers: byName, rawHeaders: raw }: RequestHead,
  drop: ReadonlySet<string>,
  trace?: Pick<RequestTrace, 'isFromProxy'>,
): string[] {
  const named = connectionNames(byName.connection)
  const headers: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const owner = ownerOf(name)
    if (owner === 'gateway') continue
    if (trace !== undefined && (owner === 'trace' || (owner === 'proxy' && !trace.isFromProxy))) continue
    const lower = name.toLowerCase()
    if (drop.has(lower) || named?.has(lower)) continue
    headers.push(name, raw[i + 1] as string)
  }
  return headers
}

function connectionNames(value: string | undefined): Set<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined
  return new Set(value.split(',').map((name) => name.trim().toLowerCase()))
}

/** The only writer of identity and project headers. */
export function writeIdentity(headers: string[], facts: IdentityFacts): void {
  const { principal, project, assertion } = facts
  if (principal !== undefined) for (const item of principalHeaders(principal)) headers.push(item)
  if (project !== undefined) headers.push('AOA-Project-ID', project.id)
  if (assertion !== undefined) headers.push('X-Gateway-Assertion', assertion)
  headers.push(
    'X-Forwarded-For',
    facts.clientAddress,
    'X-Forwarded-Host',
    facts.publicHost,
    'X-Forwarded-Proto',
    facts.publicScheme,
  )
  headers.push('X-Request-Id', facts.requestId)
}

/** A principal never changes: its headers are written once. */
const known = new WeakMap<Principal, readonly string[]>()

function principalHeaders(principal: Principal): readonly string[] {
  const written = known.get(principal)
  if (written !== undefined) return written
  const { username, email } = principal
  const headers = ['X-Forwarded-User', headerText(username)]
  if (email !== undefined) headers.push('X-Forwarded-Email', headerText(email))
  headers.push('X-Forwarded-Groups', groupsText(principal))
  known.set(principal, headers)
  return headers
}

/** Groups joined by commas; a comma within a group is percent-encoded, so that it is never read as two. */
const groupsText = (principal: Principal) =>
  outwardGroups(principal)
    .map((group) => headerText(group).replaceAll(',', '%2C'))
    .join(',')

/** Printable ASCII stays; everything else is percent-encoded UTF-8 (RFC 9110 §5.5 allows no more). */
export function headerText(text: string): string {
  if (/^[\x21-\x24\x26-\x7e]([\x20-\x24\x26-\x7e]*[\x21-\x24\x26-\x7e])?$/.test(text)) return text
  return encodeURIComponent(text.toWellFormed()).slice(0, MAX_VALUE)
}
