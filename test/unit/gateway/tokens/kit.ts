import { generateKeyPairSync } from 'node:crypto'
import { exportJWK } from 'jose'
import { pino } from 'pino'
import { profileOf } from '../../../../src/gateway/apps/profile-of.ts'
import { Issuer } from '../../../../src/gateway/issuer/issuer.ts'
import type { Principal } from '../../../../src/gateway/policy/types.ts'
import { buildRoutes } from '../../../../src/gateway/routing/routes.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import type { Presented } from '../../../../src/gateway/tokens/authenticate.ts'
import type { Caller } from '../../../../src/gateway/tokens/caller.ts'
import type { ProvedRequest } from '../../../../src/gateway/tokens/proof/verify-proof.ts'
import type { TokenEvents } from '../../../../src/gateway/tokens/token-events.ts'
import { buildVerifyAuthorization } from '../../../../src/gateway/tokens/verify-authorization.ts'
import type { FakeIssuer } from '../signin/fake-issuer.ts'
import { testConfig } from '../signin/kit.ts'

type Section = Record<string, unknown>

export interface TokenKit {
  /** Verifies a bearer token. */
  verifyBearer(token: string, address: string): Promise<Principal>
  readonly issuer: Issuer
  readonly logged: Record<string, unknown>[]
  /** Milliseconds by which the clock was moved. */
  readonly clock: { ahead: number }
  /** Verifies an `Authorization` header on a route. */
  authorize(header: string, route?: string, clientAddress?: string): Promise<Caller>
  /** Verifies the `Authorization` header of a request. */
  present(header: string, request: ProvedRequest, more?: Partial<Presented>): Promise<Caller>
  /** What was claimed in the store, and for how many seconds. */
  readonly claimed: [name: string, seconds: number][]
  /** Claims of an access token of bob, issued now. */
  claims(): Record<string, unknown>
}

/** Verifies `Authorization` headers with a fake issuer. */
export function startTokenKit(
  fake: FakeIssuer,
  over: Record<string, Section> = {},
  basic: string[] = [],
  events?: TokenEvents,
): TokenKit {
  const config = testConfig(fake, over)
  const routes = config.routes.map((route) => ({ ...route, basicCredentials: basic.includes(route.name) }))
  const table = buildRoutes({ ...config, routes }, profileOf)
  const shift = { ahead: 0 }
  const clock = () => Date.now() + shift.ahead
  const logged: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const issuer = new Issuer({ config, clock, log })
  const store = new MemoryBackend(clock)
  const claimed: [string, number][] = []
  const claimOnce = (name: string, seconds: number) => {
    claimed.push([name, seconds])
    return store.claimOnce(name, seconds)
  }
  const verify = buildVerifyAuthorization({ config, issuer, clock, log, claimOnce, ...(events && { events }) })
  const routeOf = (name: string) => table.all.find((route) => route.name === name)
  const authorize = async (header: string, route = 'mlflow', clientAddress = '192.0.2.1') =>
    verify(header, { route: routeOf(route), clientAddress })
  return {
    issuer,
    logged,
    clock: shift,
    claims: () => bobsClaims(fake, Math.floor(clock() / 1000)),
    authorize,
    present: async (header, request, more = {}) =>
      verify(header, { route: routeOf('mlflow'), clientAddress: '192.0.2.1', request, ...more }),
    claimed,
    verifyBearer: async (token, address) => (await authorize(`Bearer ${token}`, 'mlflow', address)).principal,
  }
}

/** Claims as Keycloak writes them. */
const bobsClaims = (fake: FakeIssuer, now: number) => ({
  iss: fake.url,
  aud: ['gateway', 'account'],
  sub: 'bob-sub',
  azp: 'cli',
  typ: 'Bearer',
  sid: 'issuer-session-2',
  iat: now,
  exp: now + 300,
  preferred_username: 'bob',
  groups: ['project-alpha'],
})

/** A client-credentials token as Keycloak writes it: no session, the client's own service account. */
export const machineClaims = (kit: TokenKit, client = 'ci-service') => {
  const { sid, ...claims } = kit.claims()
  return { ...claims, sub: `account-of-${client}`, azp: client, preferred_username: `service-account-${client}` }
}

/** A part of a JWT: base64url of a text, or of a value as JSON. */
export const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A key pair that no issuer publishes, unless a test does. */
export const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const strangersJwk = async (kid: string) => ({
  ...(await exportJWK(stranger.publicKey)),
  kid,
  alg: 'RS256',
  use: 'sig',
})
