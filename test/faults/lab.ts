import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, type IssuerOptions, startIssuer } from '../../infra/issuer/issuer.ts'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { ensureProxies } from '../../infra/parts/proxies.ts'
import { KIT_PROJECTS, KIT_SECRET, signedInBrowser } from '../kit.ts'

export interface LabOptions {
  /** `session.store` of the replicas. */
  readonly store: string
  /** Laid over the session section. */
  readonly session?: Record<string, unknown>
  readonly issuer?: IssuerOptions
}

export interface Replica {
  readonly port: number
  start(): Promise<void>
  /** SIGTERM and the end of it. */
  drain(): Promise<void>
  kill(): Promise<void>
}

/** Two gateway processes behind a real Caddy, an issuer and an upstream that counts. */
export interface Lab {
  readonly url: string
  readonly issuer: EmbeddedIssuer
  readonly replicas: readonly [Replica, Replica]
  readonly upstream: Upstream
  /** Signs in as many browsers as asked; resolves to their cookie headers. */
  signIn(count: number): Promise<string[]>
  close(): Promise<void>
}

export async function startLab(options: LabOptions): Promise<Lab> {
  await ensureProxies()
  const folder = mkdtempSync(join(tmpdir(), 'modelops-faults-'))
  const [issuer, upstream, port] = [await startIssuer(options.issuer), await startUpstream(), await freePort()]
  const url = `http://127.0.0.1:${port}`
  const parts = { folder, url, issuerUrl: issuer.url, upstreamUrl: upstream.url, options }
  const replicas = [await makeReplica(0, parts), await makeReplica(1, parts)] as const
  await Promise.all(replicas.map((replica) => replica.start()))
  const caddy = await startCaddy(folder, port, replicas)
  return {
    ...{ url, issuer, replicas, upstream },
    async signIn(count) {
      const cookies: string[] = []
      for (let n = 0; n < count; n += 1)
        cookies.push((await signedInBrowser({ url }, 'alice')).cookieHeader(new URL(url)))
      return cookies
    },
    async close() {
      await caddy.close()
      await Promise.all(replicas.map((replica) => replica.kill()))
      await Promise.all([issuer.close(), upstream.close()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Parts {
  readonly folder: string
  readonly url: string
  readonly issuerUrl: string
  readonly upstreamUrl: string
  readonly options: LabOptions
}

async function makeReplica(index: number, { folder, url, issuerUrl, upstreamUrl, options }: Parts): Promise<Replica> {
  const port = await freePort()
  const config = {
    server: { listen: `127.0.0.1:${port}`, publicUrl: url, trustedProxies: ['127.0.0.1/32'], drainSeconds: 10 },
    issuer: { url: issuerUrl, clientId: GATEWAY_CLIENT.id, clientSecret: GATEWAY_CLIENT.secret, timeoutSeconds: 15 },
    session: { secrets: [KIT_SECRET], store: options.store, ...options.session },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: KIT_PROJECTS },
    routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: upstreamUrl }],
  }
  const file = join(folder, `replica-${index}.yaml`)
  writeFileSync(file, JSON.stringify(config))
  let running: Background | undefined
  const end = async (signal: NodeJS.Signals) => {
    const former = running
    running = undefined
    if (former === undefined) return
    process.kill(signal === 'SIGKILL' ? -former.pid : former.pid, signal)
    await former.stopped
    await former.close()
  }
  return {
    port,
    async start() {
      running = await startBackground({
        name: `replica ${index}`,
        command: process.execPath,
        args: ['--disable-warning=ExperimentalWarning', join(checkout, 'src/cli/main.ts'), 'serve', '--config', file],
        logFile: join(folder, `replica-${index}.log`),
        readyUrl: `http://127.0.0.1:${port}/healthz`,
        readySeconds: 60,
      })
    },
    drain: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** The load balancing of caddy/Caddyfile, without TLS. */
function startCaddy(folder: string, port: number, replicas: readonly Replica[]): Promise<Background> {
  const file = join(folder, 'Caddyfile')
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy ${replicas.map((replica) => `127.0.0.1:${replica.port}`).join(' ')} {
    lb_policy round_robin
    lb_try_duration 5s
    lb_try_interval 100ms
    fail_duration 2s
    health_uri /healthz
    health_interval 1s
    health_timeout 1s
  }
}
`,
  )
  return startBackground({
    name: 'Caddy',
    command: 'caddy',
    args: ['run', '--config', file, '--adapter', 'caddyfile'],
    logFile: join(folder, 'caddy.log'),
    readyUrl: `http://127.0.0.1:${port}/healthz`,
    readySeconds: 30,
  })
}

export interface Upstream {
  readonly url: string
  /** Closes each connection without an answer. */
  resetting: boolean
  /** Requests that arrived more than once. */
  readonly repeated: () => number
  close(): Promise<void>
}

async function startUpstream(): Promise<Upstream> {
  const arrived = new Map<string, number>()
  const state = { resetting: false }
  const server = createServer((request, response) => {
    const id = String(request.headers['x-once'])
    arrived.set(id, (arrived.get(id) ?? 0) + 1)
    if (state.resetting) return void request.socket.resetAndDestroy()
    request.resume()
    setTimeout(() => response.end('here'), 20)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repeated: () => [...arrived.values()].filter((times) => times > 1).length,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
