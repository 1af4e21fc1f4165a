import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import { checkOrigin } from '../http/origin-check.ts'
import { type Reply, redirectReply, type Transport } from '../http/reply.ts'
import type { RequestHead } from '../http/request-head.ts'
import { stepUpPath } from '../pages/login-path.ts'
import { shortfallOf } from '../policy/step-up.ts'
import { CONSOLE_PATH, type ConsoleEndpoints } from '../request/own-endpoints.ts'
import type { RequestContext } from '../routing/request-context.ts'
import { CONSOLE_STEP_UP, consoleStepUp } from '../routing/step-up-rules.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { bodyKindOf, readFields } from '../signin/fields.ts'
import type { Console } from './console.ts'
import { ConsoleProofs } from './console-proofs.ts'
import type { ConsoleRequest } from './console-request.ts'

export interface PublicConsoleDeps {
  readonly config: Config
  readonly clock: Clock
  readonly sessions: Pick<Sessions, 'load'>
  readonly console: Console
}

/**
 * The console on the public listener: for members of the admin group, by session alone, after a recent authentication at
 * the issuer, and as pages that a person opens. Membership is checked again with each request.
 */
export function buildPublicConsole(deps: PublicConsoleDeps): ConsoleEndpoints {
  const { config, console } = deps
  const publicUrl = new URL(config.server.publicUrl)
  const proofs = new ConsoleProofs(config.session.secrets, 'form')
  const stepUp = consoleStepUp(config)

  async function serve(context: RequestContext, transport: Transport): Promise<Reply> {
    const { head } = context
    if (!config.console.enabled || context.host !== publicUrl.host)
      throw new Refusal('no-route', 'there is no console here')
    context.returnTo = placeOf(context)
    const session = await administratorOf(deps, context)
    checkIsPage(head, publicUrl)
    if (shortfallOf(stepUp, session, deps.clock())) return authenticateAgain(context)
    const method = methodOf(head)
    const request = { context, session, proofs, now: deps.clock() }
    if (method === 'GET') return console.handle(requestOf(request, method, {}))
    checkOrigin(head, (origin) => origin === publicUrl.origin)
    if (bodyKindOf(head) !== 'form') throw new Refusal('body-malformed', 'body: expected a form')
    const fields = await readFields(head, transport, config.limits.bodyIdleSeconds * 1000)
    if (!proofs.holds(bindingOf(session), fields.form_token))
      throw new Refusal('cross-origin', 'the form is not one of the console', { explain: 'Open the console again.' })
    return console.handle(requestOf(request, method, fields))
  }

  return { has: (path) => path === CONSOLE_PATH || path.startsWith(`${CONSOLE_PATH}/`), serve }
}

/** The session of an administrator. @throws Refusal login-required, admin-only, store-down, issuer-down */
async function administratorOf({ config, sessions }: PublicConsoleDeps, context: RequestContext): Promise<Session> {
  const session = await sessions.load(context.head.headers.cookie)
  if (session === undefined) throw new Refusal('login-required', 'the console needs a session')
  const { principal } = session
  context.caller = { principal, via: 'session', session }
  if (principal.kind === 'person' && principal.groups.has(config.access.adminGroup)) return session
  throw new Refusal('admin-only', 'the console is for members of access.adminGroup')
}

/**
 * Applications share the origin of the console where their routes are paths of the public host. A script of theirs can
 * send requests as whoever runs it, but it cannot make them look like a page that the browser opens (Fetch Metadata §2.1,
 * §2.4), and it gets no handle to a window with the console (`Cross-Origin-Opener-Policy`).
 * @throws Refusal cross-origin
 */
function checkIsPage({ headers }: RequestHead, publicUrl: URL): void {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = headers
  // Browsers send both to trustworthy origins only, so that nothing is known over plain http.
  if (mode === undefined && dest === undefined && publicUrl.protocol === 'http:') return
  if (mode === 'navigate' && dest === 'document') return
  throw new Refusal('cross-origin', 'the console is a page, and was requested by a script, a frame or a program', {
    explain: 'Open the administration console in a browser.',
  })
}

/** Back to the same page, or after a form to the page that the form was on: a form is never sent twice. */
function authenticateAgain({ returnTo = CONSOLE_PATH }: RequestContext): Reply {
  return redirectReply(stepUpPath(returnTo, CONSOLE_STEP_UP))
}

function placeOf({ head, target }: RequestContext): string {
  const path = target?.path ?? CONSOLE_PATH
  if (head.method === 'GET' || head.method === 'HEAD') return target?.query ? `${path}?${target.query}` : path
  return path.startsWith(`${CONSOLE_PATH}/sessions`) ? `${CONSOLE_PATH}/sessions` : CONSOLE_PATH
}

/** @throws Refusal method-not-allowed */
function methodOf({ method }: RequestHead): 'GET' | 'POST' {
  if (method === 'GET' || method === 'HEAD') return 'GET'
  if (method === 'POST') return 'POST'
  const headers = { Allow: 'GET, HEAD, POST' }
  throw new Refusal('method-not-allowed', `expected GET, HEAD or POST, got ${method}`, { headers })
}

/** A form counts only in the session whose page contained it. */
const bindingOf = ({ key }: Session) => `session ${key}`

function requestOf(
  { context, session, proofs, now }: { context: RequestContext; session: Session; proofs: ConsoleProofs; now: number },
  method: 'GET' | 'POST',
  fields: ConsoleRequest['fields'],
): ConsoleRequest {
  const { head, target } = context
  const { username } = session.principal
  const formToken = proofs.make(bindingOf(session))
  return {
    ...{ method, fields },
    path: (target?.path ?? '').slice(CONSOLE_PATH.length).replace(/\/$/, ''),
    query: new URLSearchParams(target?.query),
    frame: { base: CONSOLE_PATH, actor: username, formToken, signOut: '/auth/logout', now },
    administrator: {
      ...{ principal: session.principal, session: session.key, method: head.method, path: target?.path },
      ...{ client: head.clientAddress, userAgent: head.headers['user-agent'], requestId: head.requestId },
    },
  }
}
