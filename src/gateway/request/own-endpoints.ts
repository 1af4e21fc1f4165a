import { HIDDEN_ENTRIES } from '../apps/mlflow/hidden-entries.ts'
import type { AppRequest } from '../apps/profile.ts'
import { PAGE_BAR_PATH } from '../forward/page-bar.ts'
import { jsonReply, type Reply, redirectReply, type Transport } from '../http/reply.ts'
import { pageBarScript } from '../pages/scripts/page-bar-script.ts'
import type { RequestContext } from '../routing/request-context.ts'
import { isMetadataPath, METADATA_PATH, type ServeMetadata } from './protected-resources/metadata.ts'

type Replies = Reply | undefined | Promise<Reply>

/** The endpoints of the gateway itself. Each returns undefined for a request that is not its own. */
export interface OwnEndpoints {
  /** `/healthz` and `/readyz`: any host, no session, nothing about users. */
  health(context: RequestContext): Replies
  /** `/auth/*`, the metadata of protected resources, and the portal at `/` unless a route claims it. */
  serve(context: RequestContext, transport: Transport): Replies
  /** An application's own path for sign-in or sign-out, which leads to the gateway's. */
  disguised(context: RequestContext, request: AppRequest): Reply | undefined
}

export interface OwnEndpointsDeps {
  /** The public URL of the gateway, without a trailing slash. */
  readonly publicUrl: string
  /** The public keys of the assertion. */
  readonly jwks: unknown
  readonly readiness: () => Promise<Readiness>
  readonly signIn: SignInEndpoints
  /** Metadata about the applications, for programs. */
  readonly serveMetadata: ServeMetadata
  /** The administration console below `/auth/admin`; absent: there is none. */
  readonly console?: ConsoleEndpoints | undefined
}

export interface Readiness {
  /** Whether the gateway may get requests. */
  readonly isReady: boolean
  /** Each part: `ready`, or what is wrong with it. */
  readonly parts: Readonly<Record<string, string>>
}

/** Serves `/auth/*` and the portal. */
export interface SignInEndpoints {
  /** The path's own name for metrics, undefined where there is no such endpoint. */
  has(path: string): boolean
  serve(context: RequestContext, transport: Transport): Promise<Reply>
}

/** Serves the administration console. */
export interface ConsoleEndpoints {
  /** Whether a path is one of the console. */
  has(path: string): boolean
  serve(context: RequestContext, transport: Transport): Promise<Reply>
}

export function buildOwnEndpoints(deps: OwnEndpointsDeps): OwnEndpoints {
  const { publicUrl, jwks, readiness, signIn, serveMetadata, console } = deps
  const keys: Reply = {
    status: 200,
    headers: ['Content-Type', 'application/jwk-set+json', 'Cache-Control', 'public, max-age=300'],
    body: JSON.stringify(jwks),
  }

  async function ready(): Promise<Reply> {
    const { isReady, parts } = await readiness()
    const isWhole = Object.values(parts).every((part) => part === 'ready')
    const status = isReady ? (isWhole ? 'ready' : 'degraded') : 'not ready'
    return jsonReply(isReady ? 200 : 503, { status, ...parts })
  }

  return {
    health(context) {
      const path = context.target?.path
      if (path !== '/healthz' && path !== '/readyz') return undefined
      context.endpoint = path
      return path === '/healthz' ? jsonReply(200, { status: 'alive' }) : ready()
    },
    serve(context, transport) {
      const { target, route } = context
      const path = target?.path ?? ''
      if (isMetadataPath(path)) {
        context.endpoint = METADATA_PATH
        return serveMetadata(context)
      }
      const isPortal = path === '/' && route === undefined
      if (!isPortal && path !== '/auth' && !path.startsWith('/auth/')) return undefined
      if (console?.has(path)) {
        context.endpoint = CONSOLE_PATH
        return console.serve(context, transport)
      }
      const fixed = FIXED.get(path) ?? (path === '/auth/jwks.json' ? keys : undefined)
      context.endpoint = fixed || signIn.has(path) ? path : '/auth'
      if (fixed) return fixed
      return signIn.serve(context, transport)
    },
    disguised({ route }, request) {
      const { profile } = route ?? {}
      const login = profile?.loginPath?.(request)
      if (login) return redirectReply(`${publicUrl}/auth/login?return_to=${encodeURIComponent(login.returnTo)}`, 302)
      if (profile?.logoutPath?.(request)) return redirectReply(`${publicUrl}/auth/logout`, 302)
      return undefined
    },
  }
}

/** Where the administration console is on the public listener. */
export const CONSOLE_PATH = '/auth/admin'

/** Replies that never change. */
const FIXED: ReadonlyMap<string, Reply> = new Map([
  [
    PAGE_BAR_PATH,
    {
      status: 200,
      headers: ['Content-Type', 'text/javascript; charset=utf-8', 'Cache-Control', 'public, max-age=300'],
      body: pageBarScript(HIDDEN_ENTRIES),
    },
  ],
])

/** The gateway's own paths are never an application's, whatever a proxy in front asks about. */
export const isOwnPath = (path: string) => /^\/(auth|healthz|readyz)(\/|$)/.test(path) || isMetadataPath(path)
