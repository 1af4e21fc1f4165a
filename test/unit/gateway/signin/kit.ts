import type { RequestListener } from 'node:http'
import { pino } from 'pino'
import request, { type Test } from 'supertest'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import type { Config } from '../../../../src/gateway/config/schema.ts'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { buildClientAddress } from '../../../../src/gateway/http/client-address.ts'
import { parseTarget } from '../../../../src/gateway/http/target.ts'
import { Issuer } from '../../../../src/gateway/issuer/issuer.ts'
import { buildMetrics, type Metrics } from '../../../../src/gateway/observability/metrics.ts'
import { pageHeaders, withoutReferrer } from '../../../../src/gateway/pages/headers.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import { fixedSource } from '../../../../src/gateway/projects/source.ts'
import { buildDenials } from '../../../../src/gateway/request/denials.ts'
import { buildOwnEndpoints } from '../../../../src/gateway/request/own-endpoints.ts'
import { buildServeMetadata } from '../../../../src/gateway/request/protected-resources/metadata.ts'
import { buildResponder } from '../../../../src/gateway/request/responder.ts'
import { stepUpRules } from '../../../../src/gateway/routing/step-up-rules.ts'
import { Sessions } from '../../../../src/gateway/sessions/sessions.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { buildSignInEndpoints } from '../../../../src/gateway/signin/endpoints.ts'
import { buildLoginAttempts, type SignInDeps } from '../../../../src/gateway/signin/sign-in-context.ts'
import { buildAuthenticate } from '../../../../src/gateway/tokens/authenticate.ts'
import { logAudit } from '../audit/log-trail.ts'
import type { FakeIssuer } from './fake-issuer.ts'

export const ALPHA = '11111111-1111-4111-8111-111111111111'
export const BETA = '22222222-2222-4222-8222-222222222222'
export const SECRET = 'a-secret-of-the-tests-with-32-bytes-or-more'
export const PUBLIC = 'https://o.example'

type Section = Record<string, unknown>

/** A configuration with an https front; sections given are laid over the usual ones. */
export function testConfig(
  issuer: Pick<FakeIssuer, 'url' | 'clientId' | 'secret'>,
  over: Record<string, Section> = {},
): Config {
  const raw = {
    server: { publicUrl: PUBLIC, ...over.server },
    issuer: {
      url: issuer.url,
      clientId: issuer.clientId,
      clientSecret: issuer.secret,
      timeoutSeconds: 1,
      ...over.issuer,
    },
    session: { secrets: [SECRET], ...over.session },
    cookie: { ...over.cookie },
    proofOfPossession: { ...over.proofOfPossession },
    access: { adminGroup: 'modelops-admins' },
    projects: {
      source: 'static',
      list: [
        { id: ALPHA, name: 'alpha', groups: ['project-alpha'], viewerGroups: ['readers'] },
        { id: BETA, name: 'beta', groups: ['project-beta'] },
      ],
    },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream: 'http://127.0.0.1:5000', access: 'project' },
      { name: 'airflow', app: 'airflow', path: '/airflow', upstream: 'http://127.0.0.1:8080', access: 'member' },
      {
        name: 'ops',
        app: 'generic',
        path: '/ops',
        upstream: 'http://127.0.0.1:8082',
        access: 'admin',
        title: 'Operations',
      },
      {
        name: 'core',
        app: 'core',
        host: 'api.example',
        path: '/',
        upstream: 'http://127.0.0.1:8081',
        access: 'project',
      },
    ],
    cors: { allowedOrigins: ['https://ui.example'], ...over.cors },
    limits: { ...over.limits },
    portal: { ...over.portal },
    console: { ...over.console },
  }
  return parsedOnce(JSON.stringify(raw))
}

const parsed = new Map<string, Config>()

/** Most tests have the configuration of another one. It is frozen, so that they can share it. */
function parsedOnce(text: string): Config {
  const config = parsed.get(text) ?? parseConfig(text, 'test.yaml', {})
  parsed.set(text, config)
  return config
}

export interface LoginKit {
  readonly app: RequestListener
  readonly deps: SignInDeps
  readonly logged: Record<string, unknown>[]
  /** Milliseconds by which the clock was moved. */
  readonly clock: { ahead: number }
  browser(): Browser
}

export function startLoginKit(
  fake: Pick<FakeIssuer, 'url' | 'clientId' | 'secret'>,
  over: Record<string, Section> = {},
  deps: Partial<SignInDeps> = {},
  metrics: Partial<Metrics> = {},
): LoginKit {
  const config = testConfig(fake, over)
  const shift = { ahead: 0 }
  const clock = () => Date.now() + shift.ahead
  const logged: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const issuer = new Issuer({ config, clock, log })
  const list = config.projects.source === 'static' ? config.projects.list : []
  const sessions = new Sessions({ config, clock, log, backend: new MemoryBackend(clock), refresh: issuer.refresh })
  const all: SignInDeps = {
    config,
    clock,
    log,
    issuer,
    authenticate: buildAuthenticate(sessions, () => {
      throw new Refusal('token-invalid', 'no bearer token in this test')
    }),
    sessions,
    projects: fixedSource(new ListedProjects(list)),
    rules: { adminGroup: config.access.adminGroup, serviceUsers: new Set() },
    attempts: buildLoginAttempts(config.limits.loginsPerMinute, clock),
    stepUps: stepUpRules(config, []),
    endCookies: ['_token=; Path=/airflow/; Max-Age=0'],
    ...deps,
  }
  const app = listenerOf(all, metrics)
  return { app, deps: all, logged, clock: shift, browser: () => new Browser(app) }
}

/** The sign-in endpoints behind the gateway's own responder. */
function listenerOf(deps: SignInDeps, metrics: Partial<Metrics>): RequestListener {
  const { config, log } = deps
  const { 'content-type': _, ...baseHeaders } = withoutReferrer(pageHeaders(config))
  const responder = buildResponder({
    clientAddress: buildClientAddress(config.server.trustedProxies).address,
    denials: buildDenials(deps),
    baseHeaders,
    audit: logAudit(log, config.log.requests),
    metrics: { ...buildMetrics({ issuerReady: () => true, projects: () => 2 }), ...metrics },
  })
  const endpoints = buildOwnEndpoints({
    publicUrl: config.server.publicUrl,
    jwks: {},
    serveMetadata: buildServeMetadata(config),
    readiness: async () => ({ isReady: true, parts: {} }),
    signIn: buildSignInEndpoints(deps),
  })
  return async (request, response) => {
    const transport = { request, response }
    const context = responder.open(transport)
    try {
      context.target = parseTarget(context.head.target)
      const reply = await endpoints.serve(context, transport)
      if (reply === undefined) throw new Refusal('no-route', 'no route covers the path')
      responder.send(context, transport, reply)
    } catch (error) {
      responder.deny(context, transport, error)
    }
  }
}

/** A browser as far as cookies and its own headers go. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #app: RequestListener

  constructor(app: RequestListener) {
    this.#app = app
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  get loginCookies(): string[] {
    return [...this.cookies.keys()].filter((name) => name.includes('_login_'))
  }

  get hasSession(): boolean {
    return this.cookies.has('__Host-modelops_gateway')
  }

  /** Opens a page. */
  async open(path: string, headers: Record<string, string> = {}) {
    return this.#send(request(this.#app).get(path), { accept: 'text/html', ...headers })
  }

  /** Sends a form of our own page. */
  async post(path: string, fields: Record<string, string> = {}, headers: Record<string, string> = {}) {
    const form = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin', origin: PUBLIC }
    return this.#send(request(this.#app).post(path).type('form').send(fields), { ...form, ...headers })
  }

  async #send(test: Test, headers: Record<string, string>) {
    const all = { host: 'o.example', ...headers, ...(this.cookies.size > 0 && { cookie: this.cookieHeader }) }
    const response = await test.set(all)
    for (const line of response.get('Set-Cookie') ?? []) this.#keep(line)
    return response
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';')
    const at = pair.indexOf('=')
    if (attributes.some((attribute) => attribute.trim() === 'Max-Age=0')) this.cookies.delete(pair.slice(0, at))
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }

  /** Starts a login and plays the issuer's part up to the address that the browser is sent back to. */
  async startLogin(fake: FakeIssuer, returnTo?: string) {
    const query = returnTo === undefined ? '' : `?return_to=${encodeURIComponent(returnTo)}`
    const response = await this.open(`/auth/login${query}`)
    const authorization = new URL(response.get('location') ?? '')
    const answer = new URLSearchParams({
      code: fake.issue(authorization),
      state: authorization.searchParams.get('state') ?? '',
      iss: fake.url,
    })
    return { authorization, answer, callback: () => `/auth/callback?${answer}` }
  }

  /** A whole login. */
  async login(fake: FakeIssuer, returnTo?: string) {
    const { callback } = await this.startLogin(fake, returnTo)
    return this.open(callback())
  }
}
