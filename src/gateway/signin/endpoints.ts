import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express'
import { REASONS, Refusal } from '../errors.ts'
import { isNavigation, wantsPage } from '../http/navigation.ts'
import { problemDetails } from '../http/problem-details.ts'
import { pageHeaders, withoutReferrer } from '../pages/headers.ts'
import { backchannelLogout } from './backchannel-logout.ts'
import { readBody } from './body.ts'
import { finishLogin } from './callback.ts'
import { clientConfig } from './client-config.ts'
import { loginPath, startLogin } from './login.ts'
import { confirmLogout, logout, logoutEverywhere, signedOut } from './logout.ts'
import { showPortal } from './portal.ts'
import { chooseProject, selectProject } from './select-project.ts'
import { sessionInfo } from './session-info.ts'
import {
  buildSignInContext,
  clientOf,
  redirect,
  requestIdOf,
  type SignInContext,
  type SignInDeps,
  sendPage,
} from './sign-in-context.ts'

/** The login side: `/auth/*` and the portal. The request path hands over what is not its own. */
export function buildLoginApp(deps: SignInDeps): express.Express {
  const side = buildSignInContext(deps)
  const app = express()
  const body = readBody(deps.config.limits.bodyIdleSeconds * 1000)
  app.disable('x-powered-by').disable('etag').set('query parser', false)
  app.enable('strict routing').enable('case sensitive routing')
  app.use(ownHeaders(side))
  app.route('/').get(showPortal(side)).all(only('GET, HEAD'))
  app.route('/auth/login').get(startLogin(side)).all(only('GET, HEAD'))
  app.route('/auth/callback').head(only('GET')).get(finishLogin(side)).all(only('GET'))
  app.route('/auth/logout').get(confirmLogout(side)).post(body, logout(side)).all(only('GET, HEAD, POST'))
  app.route('/auth/logout-everywhere').post(body, logoutEverywhere(side)).all(only('POST'))
  app.route('/auth/backchannel-logout').post(body, backchannelLogout(side)).all(only('POST'))
  app.route('/auth/signed-out').get(signedOut(side)).all(only('GET, HEAD'))
  app.route('/auth/session').get(sessionInfo(side)).all(only('GET, HEAD'))
  app.route('/auth/client-config').get(publishClientConfig(side)).all(only('GET, HEAD'))
  app.route('/auth/project').get(chooseProject(side)).post(body, selectProject(side)).all(only('GET, HEAD, POST'))
  app.use(noRoute, answerError(side))
  return app
}

/** `GET /auth/client-config`: what a client outside the browser needs to know, for anybody. */
function publishClientConfig({ config }: SignInContext): RequestHandler {
  const published = clientConfig(config)
  return (_req, res) => void res.json(published)
}

/** Every answer of ours has the headers of a page, redirects and JSON too. */
function ownHeaders({ config }: SignInContext): RequestHandler {
  const { 'content-type': _, ...headers } = withoutReferrer(pageHeaders(config))
  return (_req, res, next) => {
    requestIdOf(res)
    res.set(headers)
    next()
  }
}

const only =
  (allow: string): RequestHandler =>
  (req) => {
    throw new Refusal('method-not-allowed', `expected ${allow}, got ${req.method}`, { headers: { Allow: allow } })
  }

const noRoute: RequestHandler = () => {
  throw new Refusal('no-route', 'no such endpoint')
}

/** The only place where the login side turns an error into an answer. */
function answerError(side: SignInContext): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent) return next(error)
    const refusal = refusalOf(error)
    const requestId = requestIdOf(res)
    record(side, refusal, req, requestId)
    const loginUrl = loginPath(side.returnTo.check(res.locals.returnTo ?? placeOf(req)))
    if (refusal.reason === 'login-required' && isNavigation(req)) return redirect(res, loginUrl)
    res.set(refusal.headers)
    if (wantsPage(req)) {
      return sendPage(res, refusal.status, side.pages.refusal({ reason: refusal.reason, requestId, loginUrl }))
    }
    if (refusal.status === 401)
      res.set({ 'WWW-Authenticate': 'Bearer', ...refusal.headers, Link: `<${loginUrl}>; rel="login"` })
    const { text, hint } = REASONS[refusal.reason]
    const { contentType, body } = problemDetails(refusal.reason, refusal.status, `${text} ${hint}`, requestId)
    res.status(refusal.status).set('content-type', contentType).send(body)
  }
}

/** Where a person comes back to after signing in: one of our pages that shows something by GET. */
const placeOf = ({ path, originalUrl }: Request) => (path === '/auth/project' ? originalUrl : '/')

/** Errors of the body parsers carry a status of their own; everything unknown is ours. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined
  if (status === 413) return new Refusal('body-too-large', 'the body exceeds the limit of our endpoints')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Refusal('body-malformed', 'the body could not be parsed')
  }
  return new Refusal('internal', 'unexpected error', { cause: error })
}

/** On record like every other refusal. The query stays out: it may hold a code. */
function record(side: SignInContext, refusal: Refusal, req: Request, requestId: string): void {
  const facts = { request: req, requestId, clientAddress: clientOf(side, req), host: req.headers.host ?? '' }
  side.audit.refused({ ...facts, target: { path: req.path } }, refusal)
}
