import type { Instruments } from './instruments.ts'

/** Who or what ended a session. */
type EndCause = 'user' | 'everywhere' | 'back-channel' | 'front-channel' | 'admin' | 'sign-in' | 'grant'
/** Ends that a user, an administrator or the issuer requested. */
const LOGOUTS: ReadonlySet<EndCause> = new Set<EndCause>([
  'user',
  'everywhere',
  'back-channel',
  'front-channel',
  'admin',
])

export interface SessionMetrics {
  created(): void
  ended(cause: EndCause, sessions: number): void
  refreshed(result: 'success' | 'rejected' | 'unavailable', seconds: number): void
  lookedUp(hit: boolean): void
}

export interface TokenMetrics {
  /** @param result `success`, or the reason of the denial */
  verified(result: string): void
  lookedUp(cache: 'bearer' | 'basic', hit: boolean): void
}

/** Sessions and what becomes of them. @param store Kind of the session store */
export function buildSessionMetrics(
  instruments: Instruments,
  store: string,
): { readonly sessions: SessionMetrics; readonly tokens: TokenMetrics } {
  const created = instruments.counter('modelops_gateway_sessions_created_total').labels({ store })
  const ended = instruments.counter('modelops_gateway_sessions_ended_total')
  const logouts = instruments.counter('modelops_gateway_logouts_total')
  const refreshes = instruments.counter('modelops_gateway_session_refreshes_total')
  const refreshSeconds = instruments.histogram('modelops_gateway_session_refresh_duration_seconds').labels({})
  const verifications = instruments.counter('modelops_gateway_bearer_verifications_total')
  const lookUps = instruments.counter('modelops_gateway_cache_requests_total')
  const cache = (name: string) => ({
    hit: lookUps.labels({ cache: name, result: 'hit' }),
    miss: lookUps.labels({ cache: name, result: 'miss' }),
  })
  const caches = { session: cache('session'), bearer: cache('bearer'), basic: cache('basic') }
  return {
    sessions: {
      created: () => created.inc(),
      ended(cause, sessions) {
        if (sessions === 0) return
        ended.labels({ store, cause }).inc(sessions)
        if (LOGOUTS.has(cause)) logouts.labels({ kind: cause }).inc()
      },
      refreshed(result, seconds) {
        refreshes.labels({ result }).inc()
        refreshSeconds.observe(seconds)
      },
      lookedUp: (hit) => (hit ? caches.session.hit : caches.session.miss).inc(),
    },
    tokens: {
      verified: (result) => verifications.labels({ result }).inc(),
      lookedUp: (name, hit) => (hit ? caches[name].hit : caches[name].miss).inc(),
    },
  }
}
