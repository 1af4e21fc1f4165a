import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { AdministrationEntry } from '../audit/administration.ts'
import { Refusal } from '../errors.ts'
import { jsonReply, pageReply, type Reply } from '../http/reply.ts'
import { ADMIN_PAGE, adminPageHeaders } from '../pages/session-admin-page.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { deviceOf } from './device.ts'

export interface SessionAdminDeps {
  readonly sessions: Pick<Sessions, 'list' | 'endByKey' | 'endBySubject'>
  /** SHA-256 (hex) of the token that is asked for. */
  readonly tokenHash: string
  /** Records what was done or denied; the request around it is known to whoever calls. */
  readonly record: (entry: AdministrationEntry) => void
}

const LARGEST_PAGE = 200
/** Sessions that a search looks at, newest first. */
const SEARCHED = 20_000
const iso = (milliseconds: number) => new Date(milliseconds).toISOString()

/**
 * Lists and ends sessions, on the admin listener: `GET /` a page for people; for programs, with the bearer token,
 * `GET /sessions?offset=&limit=&search=`, `DELETE /sessions/KEY`, `DELETE /sessions?issuer=&subject=`, `DELETE /sessions?all=true`.
 * The handler throws a Refusal: token-invalid, no-route, request-malformed, store-down.
 */
export function buildSessionAdmin(deps: SessionAdminDeps): (request: IncomingMessage) => Promise<Reply> {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://admin.invalid')
    if (request.method === 'GET' && pathname === '/')
      return pageReply(200, { headers: adminPageHeaders, html: ADMIN_PAGE })
    if (!isAdministrator(request, deps.tokenHash)) {
      const denial = new Refusal('token-invalid', 'the administration token is wrong', { headers: CHALLENGE })
      const { reason, message: detail, status } = denial
      deps.record({ action: 'session.administration', decision: 'denied', reason, detail, status })
      throw denial
    }
    const { status, body } = await resultOf(deps, request.method ?? '', pathname, searchParams)
    return jsonReply(status, body)
  }
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer' }

/** Digests have one length, so the comparison tells nothing of the token. */
function isAdministrator({ headers }: IncomingMessage, tokenHash: string): boolean {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1]
  if (token === undefined) return false
  return timingSafeEqual(createHash('sha256').update(token).digest(), Buffer.from(tokenHash, 'hex'))
}

interface Result {
  readonly status: number
  readonly body: unknown
}

async function resultOf(deps: SessionAdminDeps, method: string, path: string, query: URLSearchParams): Promise<Result> {
  const [, , key] = /^\/sessions(\/([A-Za-z0-9_-]{43}))?$/.exec(path) ?? [undefined, undefined, undefined]
  if (path === '/sessions' && method === 'GET') return listed(deps, query)
  if (path === '/sessions' && method === 'DELETE')
    return query.has('all') ? endedAll(deps, query) : endedOf(deps, query)
  if (key !== undefined && method === 'DELETE') return ended(deps, key)
  throw new Refusal('no-route', 'no such endpoint of the session administration')
}

async function listed({ sessions }: SessionAdminDeps, query: URLSearchParams): Promise<Result> {
  const offset = wholeNumber(query, 'offset', 0, Number.MAX_SAFE_INTEGER)
  const limit = wholeNumber(query, 'limit', 50, LARGEST_PAGE)
  const search = query.get('search')?.trim().toLowerCase() ?? ''
  if (search.length > 200) throw new Refusal('request-malformed', 'search: expected at most 200 characters')
  const page = search === '' ? await sessions.list({ offset, limit }) : await found(sessions, search, { offset, limit })
  return { status: 200, body: { ...page, sessions: page.sessions.map(shown) } }
}

/** Sessions whose user, address or browser contains the text, among the newest {@link SEARCHED}. */
async function found(
  sessions: SessionAdminDeps['sessions'],
  text: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ total: number; sessions: Session[]; searched: number }> {
  const matching: Session[] = []
  let [at, total] = [0, 1]
  while (at < Math.min(total, SEARCHED)) {
    const page = await sessions.list({ offset: at, limit: LARGEST_PAGE })
    total = page.total
    at += LARGEST_PAGE
    matching.push(...page.sessions.filter((session) => searchable(session).includes(text)))
  }
  return {
    total: matching.length,
    sessions: matching.slice(offset, offset + limit),
    searched: Math.min(total, SEARCHED),
  }
}

function searchable({ principal, clientAddress = '', userAgent = '' }: Session): string {
  const { username, subject, email = '', name = '' } = principal
  return [username, subject, email, name, clientAddress, userAgent, deviceOf(userAgent) ?? ''].join('\n').toLowerCase()
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

const ENDED = { event: 'session-ended-by-admin', status: 200 } as const

async function ended({ sessions, record }: SessionAdminDeps, key: string): Promise<Result> {
  const was = await sessions.endByKey(key)
  const status = was ? 200 : 404
  record({ ...ENDED, action: 'session.end', targetSession: key, ended: Number(was), status })
  return { status, body: { ended: was ? 1 : 0 } }
}

async function endedOf({ sessions, record }: SessionAdminDeps, query: URLSearchParams): Promise<Result> {
  const [issuer, subject] = [query.get('issuer'), query.get('subject')]
  if (!issuer || !subject) throw new Refusal('request-malformed', 'expected issuer and subject')
  const count = await sessions.endBySubject(issuer, subject)
  record({ ...ENDED, action: 'session.end-subject', targetIssuer: issuer, targetSubject: subject, ended: count })
  return { status: 200, body: { ended: count } }
}

/** Ends the sessions that there are when it begins; who signs in meanwhile stays. */
async function endedAll({ sessions, record }: SessionAdminDeps, query: URLSearchParams): Promise<Result> {
  if (query.get('all') !== 'true' || query.size > 1) throw new Refusal('request-malformed', 'expected all=true alone')
  const newest = (await sessions.list({ offset: 0, limit: 1 })).sessions[0]?.createdAt ?? 0
  let count = 0
  // Sessions that end while pages are read shift the others: done when a whole pass finds none.
  for (let keys = await keysUntil(newest, sessions); keys.length > 0; keys = await keysUntil(newest, sessions)) {
    let ended = 0
    for (const key of keys) ended += Number(await sessions.endByKey(key))
    count += ended
    if (ended === 0) break
  }
  record({ ...ENDED, action: 'session.end-all', ended: count })
  return { status: 200, body: { ended: count } }
}

/** Keys of the sessions that began no later than `newest`, ms since the epoch. */
async function keysUntil(newest: number, sessions: SessionAdminDeps['sessions']): Promise<string[]> {
  const keys: string[] = []
  for (let offset = 0, total = 1; offset < total; offset += LARGEST_PAGE) {
    const page = await sessions.list({ offset, limit: LARGEST_PAGE })
    total = page.total
    keys.push(...page.sessions.filter(({ createdAt }) => createdAt <= newest).map(({ key }) => key))
  }
  return keys
}
