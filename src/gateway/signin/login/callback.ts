import { digest } from '../../../shared/digest.ts'
import { Refusal } from '../../errors.ts'
import { pageReply, type Reply, redirectReply } from '../../http/reply.ts'
import type { SignedIn } from '../../issuer/grants.ts'
import { errorCode } from '../../issuer/issuer-errors.ts'
import { isAdmin } from '../../policy/roles.ts'
import { addressKey } from '../../tokens/attempts.ts'
import { stepUpFailed } from '../../tokens/step-up-refusal.ts'
import type { SignInContext } from '../sign-in-context.ts'
import { queryOf, type SignInHandler, type SignInRequest, setCookie } from '../sign-in-request.ts'
import { callbackUrl } from './login.ts'
import { type PendingLogin, SPENT_SECONDS } from './pending-logins.ts'
import { checkStepUp, type KeptOfSession, keptOf } from './step-up.ts'
import { explainWithoutProject } from './without-project.ts'

/** Time the issuer has for everything after the code, in milliseconds beyond one response. */
const GRACE_MS = 1000

/** The issuer cannot reach the `acr` that was asked for (OpenID Connect Core Unmet Authentication Requirements 1.0). */
const UNMET = 'unmet_authentication_requirements'

/** The authorization response (RFC 6749 §4.1.2): each parameter at most once. */
interface AuthorizationResponse {
  readonly state: string
  readonly code?: string
  readonly error?: string
  readonly iss?: string
}

/** `GET /auth/callback`: checks the authorization response, claims the login, redeems the code, starts a session. */
export function finishLogin(context: SignInContext): SignInHandler {
  return async (request) => {
    try {
      const reply = await finish(context, request)
      context.countSignIn?.('success')
      return reply
    } catch (error) {
      context.countSignIn?.(error instanceof Refusal ? error.reason : 'internal')
      throw error
    }
  }
}

/** @throws Refusal */
async function finish(context: SignInContext, request: SignInRequest): Promise<Reply> {
  const { headers, clientAddress } = request.head
  context.attempts.callbacks.take(addressKey(clientAddress))
  const response = parseResponse(queryOf(request))
  const login = context.pending.find(response.state, headers.cookie, context.clock())
  if (login === undefined) throw new Refusal('login-expired', 'no pending login for this state in this browser')
  const returnTo = context.returnTo.check(login.returnTo)
  request.returnTo = returnTo
  request.stepUp = login.stepUp?.name
  const { metadata } = await context.issuer.discovered()
  await claim(context, login) // from here on the state is spent, whatever follows (RFC 9700 §4.2.4)
  setCookie(request, context.pending.forget(login.state))
  checkIssuer(response, metadata.issuer, metadata.authorization_response_iss_parameter_supported === true)
  if (response.error !== undefined) throw errorResponse(response.error, login)
  const loggedIn = await inTime(context, context.issuer.grants.redeem(callbackWith(context, response), login))
  const previous = login.stepUp && (await checkStepUp(context, request, login.stepUp, loggedIn))
  await startSession(context, { ...keptOf(previous), ...loggedIn }, request)
  if (login.stepUp) request.occurrence = { event: 'login', action: 'step-up' }
  return arrive(context, returnTo)
}

/** @throws Refusal request-malformed: a parameter twice, neither or both of code and error; login-expired: no state */
function parseResponse(query: URLSearchParams): AuthorizationResponse {
  const one = (name: string): string | undefined => {
    const values = query.getAll(name)
    if (values.length > 1) throw new Refusal('request-malformed', `${name}: expected once, got ${values.length} times`)
    return values[0] === '' ? undefined : values[0]
  }
  const response = { code: one('code'), error: one('error'), iss: one('iss'), state: one('state') }
  if (response.state === undefined) throw new Refusal('login-expired', 'state: expected once, got none')
  if ((response.code === undefined) === (response.error === undefined)) {
    throw new Refusal('request-malformed', 'expected either code or error')
  }
  return { ...definedOf(response), state: response.state }
}

function definedOf({ code, error, iss }: Record<'code' | 'error' | 'iss', string | undefined>) {
  return {
    ...(code !== undefined && { code }),
    ...(error !== undefined && { error }),
    ...(iss !== undefined && { iss }),
  }
}

async function claim({ sessions }: SignInContext, login: PendingLogin): Promise<void> {
  if (await sessions.claimOnce(`login:${digest(login.state)}`, SPENT_SECONDS)) return
  throw new Refusal('login-expired', 'the state was used before')
}

/** The mix-up defence: plain comparison, and required where the metadata announces it (RFC 9207 §2.4). */
function checkIssuer({ iss }: AuthorizationResponse, issuer: string, required: boolean): void {
  if (iss === undefined && !required) return
  if (iss !== issuer) throw new Refusal('request-malformed', `iss: expected ${issuer}, got ${iss ? 'another' : 'none'}`)
}

/** @see RFC 6749 §4.1.2.1. The description is the issuer's text for its own log: it is neither shown nor kept. */
function errorResponse(error: string, { stepUp }: PendingLogin): Refusal {
  const isOutage = error === 'server_error' || error === 'temporarily_unavailable'
  const detail = `the issuer responded with the error ${errorCode(error)}`
  if (stepUp && error === UNMET) return stepUpFailed(detail, 'The sign-in service cannot authenticate you as required.')
  return new Refusal(isOutage ? 'issuer-down' : 'login-refused', detail)
}

function callbackWith({ config }: SignInContext, { code = '', state, iss }: AuthorizationResponse): URL {
  const url = new URL(callbackUrl(config.server.publicUrl))
  url.search = new URLSearchParams({ code, state, ...(iss !== undefined && { iss }) }).toString()
  return url
}

/** Token endpoint, keys and userinfo together get little more than one of them may take alone. */
async function inTime({ config }: SignInContext, work: Promise<SignedIn>): Promise<SignedIn> {
  const limit = config.issuer.timeoutSeconds * 1000 + GRACE_MS
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const refusal = new Refusal('issuer-down', `no usable response within ${limit} ms`)
    timer = setTimeout(reject, limit, refusal)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

async function startSession(
  context: SignInContext,
  loggedIn: SignedIn & KeptOfSession,
  request: SignInRequest,
): Promise<void> {
  const { headers, clientAddress } = request.head
  const userAgent = headers['user-agent']
  const { claimNames: _, ...signedIn } = loggedIn
  const created = await context.sessions.create(
    { ...signedIn, clientAddress, ...(userAgent !== undefined && { userAgent }) },
    headers.cookie,
  )
  const { session } = created
  setCookie(request, created.setCookie, ...context.endCookies)
  request.caller = { principal: session.principal, via: 'session', session }
  request.occurrence = { event: 'login', action: 'sign-in' }
  reportWithoutProject(context, loggedIn, request)
}

/** Whoever signs in and reaches nothing is an error of the set-up more often than of the person. */
function reportWithoutProject(context: SignInContext, loggedIn: SignedIn, { head, traceId }: SignInRequest): void {
  const { projects, rules, config, log } = context
  const snapshot = projects.snapshot()
  if (snapshot === undefined || isAdmin(loggedIn.principal, rules)) return
  if (snapshot.memberships(loggedIn.principal).length > 0) return
  const { cause, detail } = explainWithoutProject(loggedIn, config.issuer)
  context.countWithoutProject?.(cause)
  const line = { event: 'sign-in-without-project', request_id: head.requestId, trace_id: traceId }
  log.warn({ ...line, user: loggedIn.principal.username, cause }, detail)
}

/** A redirect that began at the issuer does not carry a Strict cookie; a page of ours that navigates does. */
const arrive = ({ config, pages }: SignInContext, location: string): Reply =>
  config.cookie.sameSite === 'strict' ? pageReply(200, pages.continue(location)) : redirectReply(location)
