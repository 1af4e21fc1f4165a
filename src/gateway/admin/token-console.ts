import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../config/schema.ts'
import { TOKEN_ACTOR } from '../console/administration.ts'
import type { Console } from '../console/console.ts'
import { ConsoleProofs } from '../console/console-proofs.ts'
import type { ConsoleRequest } from '../console/console-request.ts'
import { Refusal } from '../errors.ts'
import { checkOrigin } from '../http/origin-check.ts'
import { pageReply, type Reply, redirectReply, type Transport } from '../http/reply.ts'
import type { RequestHead } from '../http/request-head.ts'
import { tokenSignInPage } from '../pages/console/sign-in-page.ts'
import { bodyKindOf, type Fields, readFields } from '../signin/fields.ts'
import type { AdminToken } from './admin-token.ts'
import { TOKEN_CONSOLE_PATH, TokenSessions } from './token-session.ts'

const SIGN_IN = `${TOKEN_CONSOLE_PATH}/sign-in`
const SIGN_OUT = `${TOKEN_CONSOLE_PATH}/sign-out`

export interface TokenConsoleDeps {
  readonly config: Config
  readonly clock: Clock
  readonly console: Console
  readonly token: AdminToken
  readonly tokenHash: string
}

export interface AdminRequest {
  readonly head: RequestHead
  readonly transport: Transport
  /** Canonical enough: paths of the console are plain, and every other one is denied. */
  readonly path: string
  readonly query: URLSearchParams
}

/**
 * The console on the admin listener, for whoever has the shared token: a form, then a short-lived cookie.
 * @throws Refusal
 */
export async function serveTokenConsole(deps: TokenConsoleDeps, request: AdminRequest): Promise<Reply> {
  const { head, path } = request
  const fields = head.method === 'POST' ? await readForm(deps, request) : undefined
  if (path === SIGN_IN) return fields === undefined ? signInPage(deps, 200) : signIn(deps, head, fields)
  const sessions = new TokenSessions(deps.config)
  const session = sessions.find(head.headers.cookie, deps.tokenHash, deps.clock())
  if (session === undefined) return redirectReply(SIGN_IN)
  const proofs = new ConsoleProofs(deps.config.session.secrets, 'form')
  if (fields !== undefined && !proofs.holds(bindingOf(session), fields.form_token))
    throw new Refusal('cross-origin', 'the form is not one of the console', { explain: 'Open the console again.' })
  const wanted = requestOf(request, fields, deps.clock(), proofs.make(bindingOf(session)))
  if (path === SIGN_OUT && fields !== undefined) return signOut(deps, sessions, wanted)
  return deps.console.handle(wanted)
}

/** @throws Refusal cross-origin, body-malformed, body-too-large, request-timeout */
async function readForm({ config }: TokenConsoleDeps, { head, transport }: AdminRequest): Promise<Fields> {
  checkOrigin(head, (origin) => URL.parse(origin)?.host === head.host)
  if (bodyKindOf(head) !== 'form') throw new Refusal('body-malformed', 'body: expected a form')
  return readFields(head, transport, config.limits.bodyIdleSeconds * 1000)
}

function signInPage({ config, console }: TokenConsoleDeps, status: number, mistake?: string): Reply {
  const accountUrl = config.console.enabled ? `${config.server.publicUrl}/auth/admin` : undefined
  return pageReply(status, console.render(tokenSignInPage({ action: SIGN_IN, mistake, accountUrl })))
}

function signIn(deps: TokenConsoleDeps, head: RequestHead, fields: Fields): Reply {
  const { config, clock, console, token, tokenHash } = deps
  const isRight = token.isRight(fields.token ?? '', tokenHash, head.clientAddress)
  const result = isRight ? {} : ({ event: 'admin-refused', decision: 'denied', reason: 'token-invalid' } as const)
  console.record({ ...knownOf(head), action: 'console.sign-in', ...result })
  if (!isRight) return signInPage(deps, 401, 'This is not the administration token.')
  const cookie = new TokenSessions(config).start(tokenHash, clock())
  return withCookie(redirectReply(TOKEN_CONSOLE_PATH), cookie)
}

function signOut({ console }: TokenConsoleDeps, sessions: TokenSessions, request: ConsoleRequest): Reply {
  console.note(request, 'console.sign-out')
  return withCookie(redirectReply(SIGN_IN), sessions.end())
}

const withCookie = (reply: Reply, cookie: string): Reply => ({
  ...reply,
  headers: [...reply.headers, 'Set-Cookie', cookie],
})

const bindingOf = (session: string) => `token ${session}`

function requestOf(
  { head, path, query }: AdminRequest,
  fields: Fields | undefined,
  now: number,
  formToken: string,
): ConsoleRequest {
  return {
    method: fields === undefined ? methodOf(head) : 'POST',
    path: path.slice(TOKEN_CONSOLE_PATH.length).replace(/\/$/, ''),
    ...{ query, fields: fields ?? {} },
    frame: { base: TOKEN_CONSOLE_PATH, actor: TOKEN_ACTOR, formToken, signOut: SIGN_OUT, now },
    administrator: knownOf(head),
  }
}

/** What is known of a request of whoever has the token. */
export const knownOf = ({ method, target, clientAddress, headers, requestId }: RequestHead) => ({
  ...{ method, path: target.split('?', 1)[0], client: clientAddress },
  ...{ userAgent: headers['user-agent'], requestId, route: 'admin listener' },
})

/** @throws Refusal method-not-allowed */
function methodOf({ method }: RequestHead): 'GET' {
  if (method === 'GET' || method === 'HEAD') return 'GET'
  const headers = { Allow: 'GET, HEAD, POST' }
  throw new Refusal('method-not-allowed', `expected GET, HEAD or POST, got ${method}`, { headers })
}
