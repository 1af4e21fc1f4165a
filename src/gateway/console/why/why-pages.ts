import { parseProjectId } from '../../../shared/project-id.ts'
import { pageReply } from '../../http/reply.ts'
import { type WhyView, whyPage } from '../../pages/console/why-page.ts'
import type { Authentication } from '../../policy/step-up.ts'
import type { Principal } from '../../policy/types.ts'
import type { ClaimedProject } from '../../routing/claimed-project.ts'
import type { Session } from '../../sessions/session.ts'
import type { ConsoleContext } from '../console-deps.ts'
import { type ConsoleHandler, type ConsoleRequest, type Note, textOf } from '../console-request.ts'
import type { DenialRecord } from '../denials/denial-record.ts'
import { findDenial } from '../denials/recent-denials.ts'
import { verdictOfDenial, verdictOfExplanation } from './verdict.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
/** Sessions whose users are offered, newest first. */
const OFFERED_SESSIONS = 200
const OFFERED_PROJECTS = 500
const ID = /^[A-Za-z0-9-]{8,64}$/

/** `why?id=`: why a request was denied. `why?session=&groups=&project=&method=&path=`: what would be decided. */
export function showWhy(context: ConsoleContext, note: Note): ConsoleHandler {
  return async (request) => {
    const { sessions: offered } = await context.sessions.list({ offset: 0, limit: OFFERED_SESSIONS })
    const question = questionOf(request.query)
    const view: WhyView = {
      id: textOf(request.query, 'id', 100),
      question,
      methods: METHODS,
      users: usersOf(offered, question.session),
      projects: (context.projects.snapshot()?.all() ?? []).slice(0, OFFERED_PROJECTS),
      ...(await lookedUp(context, request, note)),
      ...(await answered(context, request, note, { question, offered })),
    }
    return pageReply(200, context.render(whyPage(request.frame, view)))
  }
}

type LookedUp = Pick<WhyView, 'found' | 'notFound'>

async function lookedUp(context: ConsoleContext, request: ConsoleRequest, note: Note): Promise<LookedUp> {
  const id = textOf(request.query, 'id', 100)
  if (id === '') return {}
  if (!ID.test(id)) return { notFound: 'This is not a request ID. Copy it from the error page or from X-Request-Id.' }
  await context.denials.flush()
  const denial = await findDenial(context.sessions.journal, id)
  const { subject: targetSubject, issuer: targetIssuer } = denial?.caller ?? {}
  note(request, 'denial.read', { detail: denial === undefined ? `${id}: not found` : id, targetSubject, targetIssuer })
  if (denial === undefined) return { notFound: NOT_FOUND }
  return { found: { ...verdictOfDenial(context, denial), now: await again(context, denial) } }
}

const NOT_FOUND =
  'No denial with this request ID was kept. Denials are kept for 24 hours, the newest 4,000 of users who are signed in and the newest 1,000 of others. A denial of the last second may still be on its way from another process: try again. The log and the audit trail contain every denial: search them for the ID.'

/** The same request by the same caller, decided with the current configuration and projects. */
async function again({ explain, config }: ConsoleContext, denial: DenialRecord): Promise<string> {
  const { caller, path, claimed, host, method, endpoint, step } = denial
  if (path === undefined || endpoint !== undefined) return 'It is not asked again: it was for the gateway itself.'
  // Without the credentials the request would be that of nobody, and denied for another reason.
  if (step === 'authenticate' && caller === undefined)
    return 'It is not asked again: it was denied before the caller was known, and its credentials were not kept.'
  if (config.projects.source === 'claim') return 'It is not asked again: the project claim of that moment was not kept.'
  const principal: Principal | undefined = caller && {
    ...{ issuer: caller.issuer, subject: caller.subject, kind: caller.kind, username: caller.username },
    groups: new Set(caller.groups),
    projectIds: new Set(),
    ...(caller.grants && { grants: caller.grants }),
  }
  if (claimed?.by === 'namespace' && claimed.projectId === undefined)
    return 'It is not asked again: at that moment the namespace stood for no project.'
  const project = claimed && claimedId(claimed)
  const { allowed, reason, status } = await explain({ method, target: path, host, principal, project })
  if (reason === 'step-up-required')
    return 'With the current configuration, the route demands a step-up. The level of that sign-in was not kept; the detail above names what was missing.'
  const premise = 'With the groups of that moment and the current configuration and projects'
  return allowed
    ? `${premise}, it would be allowed (${reason}).`
    : `${premise}, it would be denied: ${status} ${reason}.`
}

/** A name is part of the path already. */
function claimedId(claimed: ClaimedProject): string | undefined {
  if (claimed.by === 'namespace') return claimed.projectId
  return 'value' in claimed && claimed.by !== 'name' ? claimed.value : undefined
}

type Question = WhyView['question']

function questionOf(query: URLSearchParams): Question {
  const method = textOf(query, 'method')
  return {
    session: textOf(query, 'session', 43),
    groups: textOf(query, 'groups', 2000),
    project: textOf(query, 'project', 36),
    method: METHODS.find((each) => each === method) ?? 'GET',
    path: textOf(query, 'path', 2000),
  }
}

/** Each user once, by the newest session; and the one that was chosen. */
function usersOf(offered: readonly Session[], chosen: string): WhyView['users'] {
  const users = new Map<string, { key: string; name: string }>()
  for (const { key, principal } of offered) {
    const id = JSON.stringify([principal.issuer, principal.subject])
    if (!users.has(id) || key === chosen) users.set(id, { key, name: principal.username })
  }
  return [...users.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

type Answered = Pick<WhyView, 'answer' | 'mistake'>

async function answered(
  context: ConsoleContext,
  request: ConsoleRequest,
  note: Note,
  { question, offered }: { question: Question; offered: readonly Session[] },
): Promise<Answered> {
  if (question.path === '') return {}
  const place = placeOf(question.path)
  if (place === undefined) return { mistake: 'Path: expected a path such as /mlflow/, or a whole URL.' }
  const project = question.project === '' ? undefined : parseProjectId(question.project)
  if (question.project !== '' && project === undefined) return { mistake: 'Project: expected a UUID.' }
  const principal = principalOf(context, question, offered)
  if (principal === 'gone')
    return { mistake: 'The session of this user has ended. Choose another user, or type the groups.' }
  const explanation = await context.explain({ ...place, method: question.method, principal, project })
  const detail = `${question.method} ${place.target.split('?', 1)[0]}`
  note(request, 'decision.explain', { detail, targetSubject: principal?.subject, targetIssuer: principal?.issuer })
  return { answer: verdictOfExplanation(context, explanation, { who: principal?.username, project }) }
}

/** Not by the URL class: it would repair what the gateway denies. */
function placeOf(text: string): { target: string; host: string | undefined } | undefined {
  const [, host, rest] = /^https?:\/\/([^/?#]+)([^#]*)/.exec(text) ?? []
  if (host !== undefined) return { host, target: rest || '/' }
  return text.startsWith('/') ? { target: text.split('#', 1)[0] ?? '/', host: undefined } : undefined
}

/** The user of the session, with its groups; else somebody with the groups that were typed; without any: nobody. */
function principalOf(
  { config }: ConsoleContext,
  { session, groups }: Question,
  offered: readonly Session[],
): Principal | 'gone' | undefined {
  if (session !== '') {
    const found = offered.find(({ key }) => key === session)
    return found === undefined ? 'gone' : { ...found.principal, authentication: authenticationOf(found) }
  }
  const names = groups.split(',').map((group) => group.trim())
  const typed = names.filter((name) => name !== '')
  if (typed.length === 0) return undefined
  return {
    ...{ issuer: config.issuer.url, subject: 'somebody', kind: 'person', username: 'somebody' },
    groups: new Set(typed),
    projectIds: new Set(),
  }
}

const authenticationOf = ({ acr, authenticatedAt }: Session): Authentication => ({
  ...(acr !== undefined && { acr }),
  ...(authenticatedAt !== undefined && { authenticatedAt }),
})
