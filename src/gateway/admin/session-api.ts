import type { RecordAdministration } from '../console/administration.ts'
import { deviceOf } from '../console/sessions/device.ts'
import { endEverySession, findSessions, LARGEST_PAGE } from '../console/sessions/session-directory.ts'
import { Refusal } from '../errors.ts'
import { jsonReply, type Reply } from '../http/reply.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { AdminToken } from './admin-token.ts'

export interface SessionApiDeps {
  readonly sessions: Pick<Sessions, 'list' | 'endByKey' | 'endBySubject'>
  readonly token: AdminToken
  readonly tokenHash: string
  /** Records what was done; the request around it is known to whoever calls, who also records a denial. */
  readonly record: RecordAdministration
  /** @throws Refusal audit-unavailable */
  readonly checkRecorded: () => void
}

const iso = (milliseconds: number) => new Date(milliseconds).toISOString()
const CHALLENGE = { 'WWW-Authenticate': 'Bearer' }

/**
 * Lists and ends sessions, for programs with the bearer token: `GET /sessions?offset=&limit=&search=`,
 * `DELETE /sessions/KEY`, `DELETE /sessions?issuer=&subject=`, `DELETE /sessions?all=true`.
 * @throws Refusal token-invalid, rate-limited, no-route, request-malformed, audit-unavailable, store-down
 */
export async function serveSessionApi(
  deps: SessionApiDeps,
  { method, headers, clientAddress }: RequestHead,
  path: string,
  query: URLSearchParams,
): Promise<Reply> {
  const given = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1]
  if (!deps.token.isRight(given, deps.tokenHash, clientAddress))
    throw new Refusal('token-invalid', 'the administration token is wrong', { headers: CHALLENGE })
  const { status, body } = await resultOf(deps, method, path, query)
  return jsonReply(status, body)
}

interface Result {
  readonly status: number
  readonly body: unknown
}

async function resultOf(deps: SessionApiDeps, method: string, path: string, query: URLSearchParams): Promise<Result> {
  const [, , key] = /^\/sessions(\/([A-Za-z0-9_-]{43}))?$/.exec(path) ?? [undefined, undefined, undefined]
  if (path === '/sessions' && method === 'GET') return listed(deps, query)
  if (method === 'DELETE') deps.checkRecorded()
  if (path === '/sessions' && method === 'DELETE')
    return query.has('all') ? endedAll(deps, query) : endedOf(deps, query)
  if (key !== undefined && method === 'DELETE') return ended(deps, key)
  throw new Refusal('no-route', 'no such endpoint of the session administration')
}

async function listed(deps: SessionApiDeps, query: URLSearchParams): Promise<Result> {
  const offset = wholeNumber(query, 'offset', 0, Number.MAX_SAFE_INTEGER)
  const limit = wholeNumber(query, 'limit', 50, LARGEST_PAGE)
  const search = query.get('search')?.trim() ?? ''
  if (search.length > 200) throw new Refusal('request-malformed', 'search: expected at most 200 characters')
  const page = await findSessions(deps.sessions, search, { offset, limit })
  deps.record({ action: 'session.list', detail: search || undefined })
  return { status: 200, body: { ...page, sessions: page.sessions.map(shown) } }
}

function wholeNumber(query: URLSearchParams, name: string, usual: number, most: number): number {
  const text = query.get(name) ?? String(usual)
  if (!/^\d{1,15}$/.test(text) || Number(text) > most) {
    throw new Refusal('request-malformed', `${name}: expected a whole number up to ${most}`)
  }
  return Number(text)
}

/** What an administrator may know of a session: no token and nothing that a cookie could be made of. */
const shown = ({ key, principal, createdAt, lastSeenAt, userAgent, clientAddress }: Session) => ({
  key,
  issuer: principal.issuer,
  subject: principal.subject,
  username: principal.username,
  created_at: iso(createdAt),
  last_seen_at: iso(lastSeenAt),
  user_agent: userAgent ?? null,
  device: (userAgent && deviceOf(userAgent)) ?? null,
  client_address: clientAddress ?? null,
})

const ENDED = { event: 'session-ended-by-admin' } as const

async function ended({ sessions, record }: SessionApiDeps, key: string): Promise<Result> {
  const was = await sessions.endByKey(key)
  const status = was ? 200 : 404
  record({ ...ENDED, action: 'session.end', targetSession: key, ended: Number(was), status })
  return { status, body: { ended: was ? 1 : 0 } }
}

async function endedOf({ sessions, record }: SessionApiDeps, query: URLSearchParams): Promise<Result> {
  const [issuer, subject] = [query.get('issuer'), query.get('subject')]
  if (!issuer || !subject) throw new Refusal('request-malformed', 'expected issuer and subject')
  const count = await sessions.endBySubject(issuer, subject)
  record({ ...ENDED, action: 'session.end-subject', targetIssuer: issuer, targetSubject: subject, ended: count })
  return { status: 200, body: { ended: count } }
}

async function endedAll({ sessions, record }: SessionApiDeps, query: URLSearchParams): Promise<Result> {
  if (query.get('all') !== 'true' || query.size > 1) throw new Refusal('request-malformed', 'expected all=true alone')
  const count = await endEverySession(sessions, (ended) => record({ ...ENDED, action: 'session.end-all', ended }))
  return { status: 200, body: { ended: count } }
}
