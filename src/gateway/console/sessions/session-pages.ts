import { Refusal } from '../../errors.ts'
import { pageReply, redirectReply } from '../../http/reply.ts'
import { endSessionsPage, type SessionView, sessionsPage } from '../../pages/console/sessions-pages.ts'
import type { Session } from '../../sessions/session.ts'
import type { ConsoleContext } from '../console-deps.ts'
import {
  type ConsoleFields,
  type ConsoleHandler,
  type ConsoleRequest,
  type Note,
  numberOf,
  textOf,
} from '../console-request.ts'
import { deviceOf } from './device.ts'
import { endEverySession, findSessions } from './session-directory.ts'

const LIMIT = 50

/** `sessions?search=&offset=`: who is signed in. */
export function showSessions(context: ConsoleContext, note: Note): ConsoleHandler {
  return async (request) => {
    const { query } = request
    const [search, offset] = [textOf(query, 'search'), numberOf(query, 'offset', 0)]
    const found = await findSessions(context.sessions, search, { offset, limit: LIMIT })
    note(request, 'session.list', search === '' ? {} : { detail: search })
    const view = {
      ...found,
      search,
      offset,
      limit: LIMIT,
      sessions: found.sessions.map(viewOf),
      notice: noticeOf(query),
    }
    return pageReply(200, context.render(sessionsPage(request.frame, view)))
  }
}

const viewOf = ({ key, principal, userAgent, clientAddress, createdAt, lastSeenAt }: Session): SessionView => ({
  ...{ key, createdAt, lastSeenAt },
  issuer: principal.issuer,
  subject: principal.subject,
  username: principal.username,
  device: (userAgent && (deviceOf(userAgent) ?? userAgent)) || 'Unknown browser',
  address: clientAddress ?? 'unknown address',
})

function noticeOf(query: URLSearchParams): string | undefined {
  if (!query.has('ended')) return undefined
  const ended = numberOf(query, 'ended', 0)
  return ended === 0 ? 'No session was there to end.' : `${ended} session${ended === 1 ? '' : 's'} ended.`
}

/** What a form ends: one session, those of a user, or all. */
type Ending =
  | { readonly what: 'one'; readonly key: string }
  | { readonly what: 'user'; readonly issuer: string; readonly subject: string }
  | { readonly what: 'all' }

/** @throws Refusal request-malformed */
function endingOf(field: (name: string) => string | null | undefined): Ending {
  const [key, issuer, subject, all] = ['key', 'issuer', 'subject', 'all'].map((name) => field(name) ?? '')
  if (all === 'true' && !key && !issuer && !subject) return { what: 'all' }
  if (key && /^[A-Za-z0-9_-]{43}$/.test(key) && !issuer && !subject && !all) return { what: 'one', key }
  if (issuer && subject && !key && !all) return { what: 'user', issuer, subject }
  throw new Refusal('request-malformed', 'expected key, or issuer and subject, or all=true')
}

/** `GET sessions/end`: asks first. */
export function confirmEnd(context: ConsoleContext): ConsoleHandler {
  return async (request) => {
    const ending = endingOf((name) => request.query.get(name))
    const { what, ...named } = ending
    const { question, about } = wordsOf(ending, await userOf(context, ending))
    const fields = what === 'all' ? { all: 'true' } : (named as Record<string, string>)
    const view = { question, about, button: what === 'one' ? 'End the session' : 'End the sessions', fields }
    return pageReply(200, context.render(endSessionsPage(request.frame, view)))
  }
}

const AGAIN = 'The issuer is not notified. A user who is still signed in there can sign in again without a password.'

function wordsOf(ending: Ending, user: string) {
  if (ending.what === 'all')
    return { question: 'End all sessions of all users?', about: `You are signed out as well. ${AGAIN}` }
  if (ending.what === 'one') return { question: `End this session of ${user}?`, about: AGAIN }
  return { question: `End all sessions of ${user}?`, about: `In every browser. ${AGAIN}` }
}

/** The user name, where one of the newest sessions has it. */
async function userOf({ sessions }: ConsoleContext, ending: Ending): Promise<string> {
  if (ending.what === 'all') return 'all users'
  const { sessions: newest } = await sessions.list({ offset: 0, limit: 200 })
  const found = newest.find(({ key, principal }) =>
    ending.what === 'one'
      ? key === ending.key
      : principal.issuer === ending.issuer && principal.subject === ending.subject,
  )
  return found?.principal.username ?? (ending.what === 'user' ? ending.subject : 'a user')
}

/** `POST sessions/end`. */
export function endSessions(context: ConsoleContext, note: Note): ConsoleHandler {
  return async (request) => {
    const ended = await end(context, request, note)
    return redirectReply(`${request.frame.base}/sessions?ended=${ended}`)
  }
}

const ENDED = { event: 'session-ended-by-admin' } as const

async function end({ sessions }: ConsoleContext, request: ConsoleRequest, note: Note): Promise<number> {
  const ending = endingOf(fieldsOf(request.fields))
  switch (ending.what) {
    case 'one': {
      const ended = Number(await sessions.endByKey(ending.key))
      note(request, 'session.end', { ...ENDED, targetSession: ending.key, ended })
      return ended
    }
    case 'user': {
      const { issuer, subject } = ending
      const ended = await sessions.endBySubject(issuer, subject)
      note(request, 'session.end-subject', { ...ENDED, targetIssuer: issuer, targetSubject: subject, ended })
      return ended
    }
    case 'all':
      return endEverySession(sessions, (ended) => note(request, 'session.end-all', { ...ENDED, ended }))
  }
}

const fieldsOf = (fields: ConsoleFields) => (name: string) => (Object.hasOwn(fields, name) ? fields[name] : undefined)
