import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedIssuer, type IssuerOptions, startIssuer } from '../../infra/issuer/issuer.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { ensureProxies } from '../../infra/parts/proxies.ts'
import { startBalancer } from '../balancer.ts'
import type { Browser } from '../browser.ts'
import { signedInBrowser } from '../kit.ts'
import { makeReplica, type Replica } from './replica.ts'
import { startUpstream, type Upstream } from './upstream.ts'

/** Caddy names the replica that responded in this header. */
export const REPLICA_HEADER = 'x-replica'

export interface LabOptions {
  /** `session.store` of the replicas. Two values: each replica has its own path to the store. */
  readonly store: string | readonly [string, string]
  /** Merged over the session section. */
  readonly session?: Record<string, unknown>
  readonly issuer?: IssuerOptions
  /** Merged over the other sections. */
  readonly config?: Readonly<Record<string, Record<string, unknown>>>
  /** The version of the program that the replicas start with. Default: this checkout. */
  readonly program?: string
  /** How far each replica's clock is ahead, in seconds. Negative: behind. */
  readonly clocksAhead?: readonly [number, number]
}

/** Two gateway processes behind a real Caddy, an issuer and an upstream that counts requests. */
export interface Lab {
  readonly url: string
  readonly issuer: EmbeddedIssuer
  readonly replicas: readonly [Replica, Replica]
  readonly upstream: Upstream
  /** Signs in this many browsers. */
  browsers(count: number): Promise<Browser[]>
  /** The same. Resolves to their cookie headers. */
  signIn(count: number): Promise<string[]>
  /** The cookie header that a browser sends. */
  cookieOf(browser: Browser): string
  close(): Promise<void>
}

export async function startLab({
  store,
  session,
  issuer: issuerOptions,
  config,
  program,
  clocksAhead = [0, 0],
}: LabOptions): Promise<Lab> {
  await ensureProxies()
  const folder = mkdtempSync(join(tmpdir(), 'modelops-faults-'))
  const [issuer, upstream, port] = [await startIssuer(issuerOptions), await startUpstream(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  issuer.setBackchannelLogoutUrl(`${url}/auth/backchannel-logout`)
  const shared = { folder, publicUrl: url, issuerUrl: issuer.url, upstreamUrl: upstream.url, session, config }
  const make = (index: 0 | 1) =>
    makeReplica({
      ...shared,
      name: `replica-${index}`,
      store: typeof store === 'string' ? store : store[index],
      clockAhead: clocksAhead[index],
    })
  const replicas = [await make(0), await make(1)] as const
  await Promise.all(replicas.map((replica) => replica.start(program)))
  const caddy = await startBalancer({ folder, port, replicas, directives: DIRECTIVES })
  const cookieOf = (browser: Browser) => browser.cookieHeader(new URL(url))
  const browsers = async (count: number) => {
    const signedIn: Browser[] = []
    for (let n = 0; n < count; n += 1) signedIn.push(await signedInBrowser({ url }, 'alice'))
    return signedIn
  }
  return {
    ...{ url, issuer, replicas, upstream, browsers, cookieOf },
    signIn: async (count) => (await browsers(count)).map(cookieOf),
    async close() {
      await caddy.close()
      await Promise.all(replicas.map((replica) => replica.kill()))
      await Promise.all([issuer.close(), upstream.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The load balancing of caddy/Caddyfile. */
const DIRECTIVES = `    lb_try_duration 5s
    lb_try_interval 100ms
    health_uri /healthz
    health_interval 1s
    health_timeout 1s
    header_down ${REPLICA_HEADER} {http.reverse_proxy.upstream.hostport}`
