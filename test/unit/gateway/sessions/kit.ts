import { type Logger, pino } from 'pino'
import type { RefreshTokens } from '../../../../src/gateway/sessions/refresh/refresher.ts'
import type { Session } from '../../../../src/gateway/sessions/session.ts'
import type { SessionEvents } from '../../../../src/gateway/sessions/session-events.ts'
import { type NewSession, Sessions, type SessionsDeps } from '../../../../src/gateway/sessions/sessions.ts'
import type { SessionBackend } from '../../../../src/gateway/sessions/stores/backend.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'

export const START = Date.UTC(2026, 0, 1)

/** A clock that a test moves. */
export class MovedClock {
  now = START
  readonly read = () => this.now
  advance(seconds: number): void {
    this.now += seconds * 1000
  }
}

type SessionConfig = SessionsDeps['config']['session']
type CookieConfig = SessionsDeps['config']['cookie']

export const SECRET = 'a-secret-of-the-tests-with-32-bytes-or-more'

export function testConfig(session: Partial<SessionConfig> = {}, cookie: Partial<CookieConfig> = {}) {
  const config = {
    session: {
      secrets: [SECRET],
      store: 'memory',
      idleSeconds: 3600,
      absoluteSeconds: 43_200,
      cacheSeconds: 5,
      cacheEntries: 1000,
      staleSeconds: 300,
      refreshBeforeSeconds: 60,
      issuerGraceSeconds: 600,
      ...session,
    },
    cookie: { name: 'modelops_gateway', sameSite: 'lax', ...cookie },
    server: { publicUrl: 'https://o.example' },
  }
  return config as SessionsDeps['config']
}

/** Alice's sign-in. Her access token expires `accessSeconds` after {@link START}. */
export function login(overrides: Partial<NewSession> = {}, accessSeconds = 36_000): NewSession {
  return {
    principal: {
      issuer: 'https://sso.example',
      subject: 'alice-sub',
      kind: 'person',
      username: 'alice',
      groups: new Set(['project-alpha']),
      projectIds: new Set(),
    },
    tokens: {
      accessToken: 'access-1',
      accessExpiresAt: START + accessSeconds * 1000,
      refreshToken: 'refresh-1',
      idToken: 'id-1',
    },
    sid: 'issuer-session-1',
    ...overrides,
  }
}

export interface Gateway {
  readonly clock: MovedClock
  readonly backend: SessionBackend
  readonly sessions: Sessions
  /** Signs in. Returns the session and the Cookie header of its browser. */
  signIn(overrides?: Partial<NewSession>, accessSeconds?: number): Promise<{ session: Session; cookie: string }>
}

export interface GatewayOptions {
  readonly session?: Partial<SessionConfig>
  readonly cookie?: Partial<CookieConfig>
  readonly clock?: MovedClock
  readonly backend?: SessionBackend
  readonly refresh?: RefreshTokens
  readonly log?: Logger
  readonly events?: SessionEvents
  /** Sessions of the same process that these replace. */
  readonly previous?: Sessions
}

/** `Set-Cookie` as the browser sends it back. */
export const cookieHeader = (setCookie: string) => setCookie.slice(0, setCookie.indexOf(';'))

/** One gateway process. Two with the same backend and clock are replicas. */
export function startSessions(options: GatewayOptions = {}): Gateway {
  const clock = options.clock ?? new MovedClock()
  const backend = options.backend ?? new MemoryBackend(clock.read)
  const sessions = new Sessions({
    config: testConfig(options.session, options.cookie),
    backend,
    clock: clock.read,
    log: options.log ?? pino({ level: 'silent' }),
    ...(options.events && { events: options.events }),
    ...(options.refresh === undefined ? {} : { refresh: options.refresh }),
    ...(options.previous === undefined ? {} : { refreshMemory: options.previous.refreshMemory }),
  })
  const signIn: Gateway['signIn'] = async (overrides, accessSeconds) => {
    const { session, setCookie } = await sessions.create(login(overrides, accessSeconds))
    return { session, cookie: cookieHeader(setCookie) }
  }
  return { clock, backend, sessions, signIn }
}
