import { randomUUID } from 'node:crypto'
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import { bodyPaceOf } from '../shared/body-pace.ts'
import { operations } from './api/index.ts'
import type { CoreConfig } from './config.ts'
import type { CoreDeps } from './deps.ts'
import { authorize } from './operation/authorize.ts'
import { openApiDocument } from './operation/openapi.ts'
import { Problem, problemBody, problemOf } from './operation/problems.ts'
import type { Authorization, Operation } from './operation/spec.ts'
import { pacedBody } from './paced-body.ts'

/** The request path of the core API, top to bottom. */
export function buildCore(deps: CoreDeps): Express {
  const app = express().disable('x-powered-by').disable('etag').enable('case sensitive routing')
  app.set('query parser', false)
  app.use(setResponseHeaders()) // 1 every response and log line has the request ID
  app.use(logRequests(deps)) // 2
  const body = jsonBody(deps.config.limits)
  const document = openApiDocument(operations)
  app.get('/openapi.json', (_request, response) => void response.json(document))
  for (const [path, all] of Map.groupBy(operations, ({ spec }) => spec.path)) {
    const route = app.route(path)
    // 3 authorized before the body is read, then validated and handled
    for (const one of all)
      route[one.spec.method](authorizeCaller(one, deps), ...(one.spec.body ? body : []), handle(one, deps))
    route.all(methodNotAllowed(all))
  }
  app.use(() => {
    throw new Problem('not-found', 'no such path')
  })
  return app.use(respondToError(deps)) // 4 the only place where an error becomes a response
}

/** Longest body that is read and discarded after a denial, in bytes. */
const DISCARDED_BYTES = 65_536

interface Locals {
  requestId: string
  authorization: Authorization
  reason?: string
}
/** Express types `locals` as anything; the first step sets these. */
const localsOf = (response: Response) => response.locals as Locals

/** The gateway's request ID is kept. One of another shape is replaced, so that nobody writes into the log with it. */
function setResponseHeaders(): RequestHandler {
  return (request, response, next) => {
    const received = request.get('x-request-id')
    const isUsable = received !== undefined && /^[A-Za-z0-9_-]{8,64}$/.test(received)
    localsOf(response).requestId = isUsable ? received : randomUUID()
    response.set({
      'X-Request-Id': localsOf(response).requestId,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    })
    next()
  }
}

function logRequests({ config, log, clock }: CoreDeps): RequestHandler {
  return (request, response, next) => {
    const startedAt = clock()
    response.on('finish', () => {
      const { requestId, reason } = localsOf(response)
      const isLogged = config.log.requests === 'all' || (config.log.requests === 'refused' && reason !== undefined)
      if (!isLogged) return
      const facts = { method: request.method, path: request.path, status: response.statusCode, reason }
      log.info({ event: 'request', ...facts, ms: clock() - startedAt, request_id: requestId }, 'request')
    })
    next()
  }
}

/** A body without `Content-Type` is read as JSON, because the published client sends some requests that way. */
function jsonBody(limits: CoreConfig['limits']): RequestHandler[] {
  const checkType: RequestHandler = (request, _response, next) => {
    const type = request.get('content-type')
    if (type !== undefined && !/^application\/([a-z.+-]+\+)?json\s*(;|$)/i.test(type))
      throw new Problem('unsupported-media-type', 'content type')
    next()
  }
  const paced = pacedBody(bodyPaceOf(limits))
  return [checkType, paced, express.json({ limit: limits.bodyBytes, type: () => true })]
}

function authorizeCaller({ spec }: Operation, deps: CoreDeps): RequestHandler {
  return async (request, response, next) => {
    const { headersDistinct } = request
    localsOf(response).authorization = await authorize(spec, { headersDistinct, query: queryOf(request) }, deps)
    next()
  }
}

function handle(one: Operation, deps: CoreDeps): RequestHandler {
  return async (request, response) => {
    const { requestId, authorization } = localsOf(response)
    const { headersDistinct, params, body } = request
    const input = { headersDistinct, params: lowerCaseIds(params), query: queryOf(request), body, requestId }
    const reply = await one.run(authorization, input, deps)
    response.status(reply.status).set({ ...reply.headers })
    if (reply.body === undefined) response.end()
    else response.json(reply.body)
  }
}

function queryOf({ url }: Request): URLSearchParams {
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1))
}

/** UUIDs are stored and compared in lower case. */
const lowerCaseIds = (params: Request['params']) =>
  Object.fromEntries(Object.entries(params).map(([key, value]) => [key, String(value).toLowerCase()]))

function methodNotAllowed(all: readonly Operation[]): RequestHandler {
  const methods = all.map(({ spec }) => spec.method.toUpperCase())
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')
  return () => {
    throw new Problem('method-not-allowed', 'method', { headers: { Allow: allow } })
  }
}

function respondToError({ log }: CoreDeps): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error)
    const { requestId } = localsOf(response)
    const problem = problemOf(error)
    localsOf(response).reason = problem.reason
    if (problem.status >= 500) {
      const facts = { reason: problem.reason, method: request.method, path: request.path, request_id: requestId }
      log.error({ event: 'failed', ...facts, detail: problem.message, cause: causeOf(problem) }, 'request failed')
    }
    response.status(problem.status).set({ ...problem.headers, ...(hasUnreadBody(request) && { Connection: 'close' }) })
    response.type('application/problem+json').send(JSON.stringify(problemBody(problem, requestId)))
  }
}

/** A short body is cheaper to discard than a connection. The rest of a long one is not read: the connection ends. */
function hasUnreadBody({ complete, headers }: Request): boolean {
  const length = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : Infinity
  return !complete && length > DISCARDED_BYTES
}

/** Name, code and stack of a cause. Its message is left out: databases and parsers quote values there. */
function causeOf({ cause }: Problem): Record<string, unknown> | undefined {
  if (!(cause instanceof Error)) return undefined
  const frames = cause.stack?.split('\n').filter((text) => /^\s+at /.test(text))
  return { name: cause.name, code: Reflect.get(cause, 'code'), stack: frames?.slice(0, 8).map((text) => text.trim()) }
}
