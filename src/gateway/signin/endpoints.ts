import { Refusal } from '../errors.ts'
import { jsonReply, type Reply, redirectReply, type Transport } from '../http/reply.ts'
import { clientConfig } from './client-config.ts'
import { CLIENT_KEYS, showClientKeys } from './client-keys.ts'
import { CLIENTS, noSuchClient, sendClientPackage, showClients } from './clients.ts'
import { showConnect } from './connect.ts'
import { readFields } from './fields.ts'
import { finishLogin } from './login/callback.ts'
import { startLogin } from './login/login.ts'
import { backchannelLogout } from './logout/backchannel-logout.ts'
import { frontchannelLogout } from './logout/frontchannel-logout.ts'
import { confirmLogout, logout, logoutEverywhere, signedOut } from './logout/logout.ts'
import { sendPicture } from './pictures.ts'
import { showPortal } from './portal.ts'
import { chooseProject, selectProject } from './select-project.ts'
import { sessionInfo } from './session-info.ts'
import { buildSignInContext, type SignInDeps } from './sign-in-context.ts'
import type { SignInHandler, SignInRequest } from './sign-in-request.ts'

/** Handlers of one path. `HEAD` is a `GET` without a body, unless it is refused. */
interface Endpoint {
  readonly GET?: SignInHandler
  readonly POST?: SignInHandler
  readonly refusesHead?: true
}

/** Everything under `/auth/`, and the portal: the rare and rich part of the gateway. */
export interface SignInEndpoints {
  has(path: string): boolean
  /** @throws Refusal */
  serve(request: SignInRequest, transport: Transport): Promise<Reply>
}

export function buildSignInEndpoints(deps: SignInDeps): SignInEndpoints {
  const context = buildSignInContext(deps)
  const published = jsonReply(200, clientConfig(deps.config))
  const endpoints = new Map<string, Endpoint>([
    ['/', { GET: showPortal(context) }],
    ['/auth/login', { GET: startLogin(context) }],
    // A code is redeemed once: nothing but the browser's own navigation may do it.
    ['/auth/callback', { GET: finishLogin(context), refusesHead: true }],
    ['/auth/logout', { GET: confirmLogout(context), POST: logout(context) }],
    ['/auth/logout-everywhere', { POST: logoutEverywhere(context) }],
    ['/auth/backchannel-logout', { POST: backchannelLogout(context) }],
    // It ends a session: a request that only looks must not.
    ['/auth/frontchannel-logout', { GET: frontchannelLogout(context), refusesHead: true }],
    ['/auth/signed-out', { GET: signedOut(context) }],
    ['/auth/session', { GET: sessionInfo(context) }],
    ['/auth/client-config', { GET: () => published }],
    ['/auth/connect', { GET: showConnect(context) }],
    ['/auth/project', { GET: chooseProject(context), POST: selectProject(context) }],
  ])
  const { clientPackage } = deps
  endpoints.set('/auth/clients', { GET: () => redirectReply(CLIENTS, 308) })
  endpoints.set(CLIENTS, { GET: showClients(context) })
  if (clientPackage) endpoints.set(CLIENTS + clientPackage.file, { GET: sendClientPackage(clientPackage) })
  for (const [path, picture] of deps.pictures ?? []) endpoints.set(path, { GET: sendPicture(picture) })
  const { published: clientKeys } = deps.issuer.authentication
  if (clientKeys) endpoints.set(CLIENT_KEYS, { GET: showClientKeys(context, clientKeys) })
  const otherClient: Endpoint = { GET: noSuchClient(context) }
  const bodyMs = deps.config.limits.bodyIdleSeconds * 1000

  return {
    has: (path) => endpoints.has(path),
    async serve(request, transport) {
      const { head, target } = request
      const path = target?.path ?? ''
      request.returnTo = RETURNS.has(path) ? pathAndQuery(request) : '/'
      const endpoint = endpoints.get(path) ?? (path.startsWith(CLIENTS) ? otherClient : undefined)
      if (endpoint === undefined) throw new Refusal('no-route', 'no such endpoint')
      const handler = handlerFor(endpoint, head.method)
      const fields = head.method === 'POST' ? await readFields(head, transport, bodyMs) : {}
      return handler(request, fields)
    },
  }
}

/** Pages to which a sign-in returns. */
const RETURNS: ReadonlySet<string> = new Set(['/auth/project', '/auth/connect'])

/** @throws Refusal method-not-allowed */
function handlerFor({ GET, POST, refusesHead }: Endpoint, method: string): SignInHandler {
  if (method === 'GET' && GET) return GET
  if (method === 'HEAD' && GET && !refusesHead) return GET
  if (method === 'POST' && POST) return POST
  const allowed = [...(GET ? ['GET'] : []), ...(GET && !refusesHead ? ['HEAD'] : []), ...(POST ? ['POST'] : [])]
  const allow = allowed.join(', ')
  throw new Refusal('method-not-allowed', `expected ${allow}, got ${method}`, { headers: { Allow: allow } })
}

const pathAndQuery = ({ target }: SignInRequest) =>
  target === undefined || target.query === '' ? (target?.path ?? '/') : `${target.path}?${target.query}`
