import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { pino } from 'pino'
import { profileOf } from '../../../src/apps/index.ts'
import { Issuer } from '../../../src/identity/issuer.ts'
import { buildTokenSide, type TokenSide } from '../../../src/identity/token-side.ts'
import type { Caller, Exchange } from '../../../src/proxy/exchange.ts'
import { buildRoutes } from '../../../src/proxy/routes.ts'
import type { FakeIssuer } from './fake-issuer.ts'
import { testConfig } from './kit.ts'

type Section = Record<string, unknown>

export interface TokenKit extends TokenSide {
  readonly issuer: Issuer
  readonly logged: Record<string, unknown>[]
  /** Milliseconds by which the clock was moved. */
  readonly clock: { ahead: number }
  /** Judges an `Authorization` header on a route. */
  authorize(header: string, route?: 'mlflow' | 'core', address?: string): Promise<Caller>
  /** Claims of an access token of bob's, as they stand now. */
  claims(): Record<string, unknown>
}

/** The judgement of `Authorization` headers in front of a fake issuer. */
export function startTokenKit(fake: FakeIssuer, over: Record<string, Section> = {}, basic: string[] = []): TokenKit {
  const config = testConfig(fake, over)
  const routes = config.routes.map((route) => ({ ...route, basicCredentials: basic.includes(route.name) }))
  const table = buildRoutes({ ...config, routes }, profileOf)
  const shift = { ahead: 0 }
  const clock = () => Date.now() + shift.ahead
  const logged: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const issuer = new Issuer({ config, clock, log })
  const side = buildTokenSide({ config, issuer, clock, log })
  return {
    ...side,
    issuer,
    logged,
    clock: shift,
    claims: () => bobsClaims(fake, Math.floor(clock() / 1000)),
    async authorize(header, route = 'mlflow', address = '192.0.2.1') {
      const request = new IncomingMessage(new Socket())
      const exchange: Exchange = {
        request,
        response: new ServerResponse(request),
        requestId: 'r-1',
        clientAddress: address,
        host: 'o.example',
        target: undefined,
        route: table.all.find(({ name }) => name === route),
        caller: undefined,
        admitted: undefined,
        answerHeaders: [],
      }
      return side.verifyAuthorization(header, exchange)
    },
  }
}

/** As Keycloak writes them. */
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
