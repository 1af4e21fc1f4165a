import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AppRequest } from '../apps/profile.ts'
import { Refusal } from '../errors.ts'
import type { AssertionSigner } from '../forward/headers/assertion.ts'
import type { Issuer } from '../issuer/issuer.ts'
import type { Exchange } from '../routing/request-context.ts'
import type { GatewayDeps } from '../runtime/deps.ts'

/** What the gateway answers by itself. Each returns true when it has answered. */
export interface OwnEndpoints {
  /** `/healthz` and `/readyz`: any host, no session, nothing of users. */
  health(exchange: Exchange): boolean | Promise<boolean>
  /** `/auth/*`, and `/` where no route claims it. */
  serve(exchange: Exchange): boolean | Promise<boolean>
  /** An application's own login or logout path: ours in disguise. */
  disguised(exchange: Exchange, request: AppRequest): boolean
}

export interface OwnEndpointsDeps extends GatewayDeps {
  readonly signer: AssertionSigner
  readonly issuer: Pick<Issuer, 'ready' | 'fault'>
  /** Whether this process is about to stop: still answering, and no longer ready for more. */
  readonly draining?: () => boolean
  /** The login side: an express application. */
  readonly loginApp: (request: IncomingMessage, response: ServerResponse) => void
}

export function buildOwnEndpoints(deps: OwnEndpointsDeps): OwnEndpoints {
  const { publicUrl } = deps.config.server
  const jwks = JSON.stringify(deps.signer.jwks)

  let asking: Promise<string> | undefined
  /** One question under way for all who ask: anybody may, and the store writes for it. */
  function storeState(): Promise<string> {
    asking ??= deps.sessions
      .ping()
      .then(
        () => 'ready',
        () => 'down',
      )
      .finally(() => {
        asking = undefined
      })
    return asking
  }
  async function readiness(): Promise<Record<string, string>> {
    const store = await storeState()
    return { issuer: deps.issuer.ready ? 'ready' : 'down', store, process: deps.draining?.() ? 'draining' : 'ready' }
  }
  async function sayReady(exchange: Exchange): Promise<boolean> {
    const parts = await readiness()
    const ready = Object.values(parts).every((part) => part === 'ready')
    return sendJson(exchange, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', ...parts })
  }

  return {
    health(exchange) {
      const path = exchange.target?.path
      if (path === '/healthz') return sendJson(exchange, 200, { status: 'alive' })
      return path === '/readyz' && sayReady(exchange)
    },
    serve(exchange) {
      const path = exchange.target?.path ?? ''
      if (path === '/auth/jwks.json')
        return sendText(exchange, 200, 'application/jwk-set+json', jwks, 'public, max-age=300')
      const isPortal = path === '/' && exchange.route === undefined
      if (!isPortal && path !== '/auth' && !path.startsWith('/auth/')) return false
      return handOver(exchange, deps.loginApp)
    },
    disguised(exchange, request) {
      const profile = exchange.route?.profile
      const login = profile?.loginPath?.(request)
      if (login) return redirect(exchange, `${publicUrl}/auth/login?return_to=${encodeURIComponent(login.returnTo)}`)
      if (profile?.logoutPath?.(request)) return redirect(exchange, `${publicUrl}/auth/logout`)
      return false
    },
  }
}

/** The login side sees the canonical target and the request id, and answers with the CORS headers of this request. */
function handOver(exchange: Exchange, app: OwnEndpointsDeps['loginApp']): true {
  const { request, response, target, requestId, responseHeaders } = exchange
  if (target === undefined) throw new Refusal('internal', 'no target')
  request.url = target.query === '' ? target.path : `${target.path}?${target.query}`
  request.headers['x-request-id'] = requestId
  response.setHeader('X-Request-Id', requestId)
  for (let i = 0; i < responseHeaders.length; i += 2)
    response.setHeader(responseHeaders[i] as string, responseHeaders[i + 1] as string)
  app(request, response)
  return true
}

const sendJson = (exchange: Exchange, status: number, body: unknown) =>
  sendText(exchange, status, 'application/json', JSON.stringify(body), 'no-store')

function sendText(
  { request, response, requestId }: Exchange,
  status: number,
  type: string,
  body: string,
  caching: string,
): true {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': caching,
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': requestId,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
  return true
}

function redirect({ response, requestId }: Exchange, location: string): true {
  response.writeHead(302, {
    Location: location,
    'Cache-Control': 'no-store',
    'Content-Length': '0',
    'X-Request-Id': requestId,
  })
  response.end()
  return true
}
