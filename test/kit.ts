import { Writable } from 'node:stream'
import { GATEWAY_CLIENT } from '../infra/issuer/clients.ts'
import { type EmbeddedIssuer, type IssuerOptions, startIssuer } from '../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../infra/issuer/users.ts'
import { freePort } from '../infra/parts/ports.ts'
import { parseConfig } from '../src/gateway/config/load.ts'
import { buildLog } from '../src/gateway/observability/log.ts'
import { type RunningServer, startServer } from '../src/gateway/runtime/start.ts'
import { Browser, type Page } from './browser.ts'
import { type Recorder, startRecorder } from './recorder.ts'

/** The embedded issuer, a recording upstream and the whole gateway in this process, all on free loopback ports. */
export interface Kit {
  readonly url: string
  readonly issuer: EmbeddedIssuer
  /** Upstream of every route without one. */
  readonly upstream: Recorder
  readonly gateway: RunningServer
  /** Log lines of the gateway, oldest first. */
  readonly logged: Record<string, unknown>[]
  /** How far the gateway's clock is ahead, in milliseconds. */
  readonly clock: MovedClock
  close(): Promise<void>
}

export interface MovedClock {
  ahead: number
}

type Section = Record<string, unknown>

export interface KitOptions {
  readonly issuer?: IssuerOptions
  /** Merged over the default sections of the configuration. */
  readonly config?: Record<string, Section>
  /** Replaces the default routes. A missing `upstream` is filled in. */
  readonly routes?: readonly Section[]
}

export const KIT_SECRET = 'a-secret-of-the-tests-with-32-bytes-or-more'

export const KIT_PROJECTS = [
  { id: ALPHA, name: 'alpha', groups: ['project-alpha'], viewerGroups: ['auditors'] },
  { id: BETA, name: 'beta', groups: ['project-beta'] },
]

const ROUTES: readonly Section[] = [
  { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
  { name: 'lobby', app: 'generic', path: '/lobby', access: 'login' },
  { name: 'ops', app: 'generic', path: '/ops', access: 'admin' },
]

export async function startKit(options: KitOptions = {}): Promise<Kit> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const [issuer, upstream] = await Promise.all([startIssuer(options.issuer), startRecorder()])
  issuer.setBackchannelLogoutUrl(`${url}/auth/backchannel-logout`)
  const logged: Record<string, unknown>[] = []
  const clock: MovedClock = { ahead: 0 }
  const gateway = await startGateway({ port, issuerUrl: issuer.url, upstream: upstream.url, logged, clock, ...options })
  const close = async () => {
    await gateway.close()
    await Promise.all([issuer.close(), upstream.close()])
  }
  return { url, issuer, upstream, gateway, logged, clock, close }
}

export interface GatewayOptions extends Omit<KitOptions, 'issuer'> {
  readonly port: number
  readonly issuerUrl: string
  /** Upstream of routes without one. */
  readonly upstream: string
  readonly logged?: Record<string, unknown>[]
  readonly clock?: MovedClock
  /** Host of the gateway's URL: the same as the issuer's, so that cookies are same-site. */
  readonly host?: string
}

/** Only the gateway, for tests with their own issuer. */
export function startGateway(options: GatewayOptions): Promise<RunningServer> {
  const { port, issuerUrl, upstream, logged = [], config: over = {}, routes = ROUTES } = options
  const { clock = { ahead: 0 }, host = '127.0.0.1' } = options
  const raw = {
    ...over,
    server: { listen: `127.0.0.1:${port}`, publicUrl: `http://${host}:${port}`, drainSeconds: 0, ...over.server },
    issuer: {
      url: issuerUrl,
      clientId: GATEWAY_CLIENT.id,
      clientSecret: GATEWAY_CLIENT.secret,
      audiences: ['gateway'],
      ...over.issuer,
    },
    session: { secrets: [KIT_SECRET], ...over.session },
    access: { adminGroup: 'modelops-admins', ...over.access },
    projects: over.projects ?? { source: 'static', list: KIT_PROJECTS },
    routes: routes.map((route) => ({ upstream, ...route })),
  }
  const config = parseConfig(JSON.stringify(raw), 'kit.yaml', {})
  return startServer(config, { log: buildLog(config.log, collect(logged)), clock: () => Date.now() + clock.ahead })
}

const collect = (logged: Record<string, unknown>[]) =>
  new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).split('\n')) if (line !== '') logged.push(JSON.parse(line))
      done()
    },
  })

/** Opens a page of the gateway and signs in at the embedded issuer if required. Resolves to the last page. */
export async function signIn(browser: Browser, url: string, username: string): Promise<Page> {
  const page = await browser.open(url)
  if (!page.url.pathname.startsWith('/interaction/')) return page
  return await browser.submit(page, { username, password: `${username}-pw` })
}

/** A browser in which `username` is signed in. */
export async function signedInBrowser(kit: Pick<Kit, 'url'>, username: string): Promise<Browser> {
  const browser = new Browser()
  const page = await signIn(browser, `${kit.url}/`, username)
  if (page.status !== 200 || page.url.origin !== kit.url)
    throw new Error(`signing in ended at ${page.url} (${page.status})`)
  return browser
}
