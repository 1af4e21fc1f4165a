import { checksumOf } from '../keystream.ts'
import type { Expected } from '../oracle/exchange.ts'
import { type Action, NONCE_HEADER } from '../upstream/echo.ts'
import { ROUTES, type RunRoute } from '../world/settings.ts'
import type { Caller, Entrance, Stage } from './stage.ts'

export interface Wish {
  readonly kind: string
  readonly action?: Action
  readonly method?: string
  readonly query?: Readonly<Record<string, string | number>>
  /** Length of the request body; it is that of the nonce. */
  readonly bytes?: number
  /** The body is sent in chunks, without its length. */
  readonly chunked?: boolean
  readonly caller?: Caller
  readonly route?: RunRoute
  readonly entrance?: Entrance
  /** Over what is expected otherwise. */
  readonly expected?: Partial<Pick<Expected, 'status' | 'reason' | 'cut' | 'upstream' | 'responseBytes'>>
  /** A client that leaves: whatever comes before is right if it is its own. */
  readonly leaves?: true
}

/** A request that is ready to be sent, and the only response that is right. */
export interface Composed {
  readonly entrance: Entrance
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: number
  readonly expected: Expected
}

const EMPTY = { bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' }
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'PUT'])

/** Chooses what the wish leaves open: caller, project, route and entrance. */
export function compose(stage: Stage, wish: Wish): Composed {
  const { random, publicUrl, sessions, bearers } = stage
  const { kind, action = 'echo', method = 'GET', bytes = 0, chunked = false, leaves } = wish
  const nonce = random.nonce()
  const { route = random.pick(ROUTES), entrance = random.pick(stage.entrances) } = wish
  const { caller = random.pick([...sessions, ...bearers]) } = wish
  const project = route.needsProject ? random.pick(caller.projects) : undefined
  const inQuery = random.next() < 0.5
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(wish.query ?? {})) query.set(name, String(value))
  if (project !== undefined && inQuery) query.set('projectId', project)
  const headers: Record<string, string> = {
    host: publicUrl.host,
    origin: publicUrl.origin,
    [NONCE_HEADER]: nonce,
    ...(project !== undefined && !inQuery && { 'aoa-project-id': project }),
    ...caller.credentials(),
    ...(bytes > 0 && (chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes) })),
  }
  const body = bytes > 0 ? { bytes, sha256: checksumOf(nonce, bytes) } : EMPTY
  const expected: Expected = {
    ...{ kind, nonce, entrance: entrance.name, upstream: route.upstream, startedAt: performance.now() },
    ...(leaves ? {} : { status: 200 }),
    principal: { user: caller.user, project },
    ...(action === 'echo' && !leaves && { body }),
    deliveries: REPEATABLE.has(method) && bytes === 0 ? 2 : 1,
    ...wish.expected,
  }
  stage.oracle.asks(expected)
  const search = query.size > 0 ? `?${query}` : ''
  return { entrance, method, target: `${route.path}/${action}/${nonce}${search}`, headers, bytes, expected }
}
