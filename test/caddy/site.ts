import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { startBackground } from '../../infra/parts/background.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { type RawResponses, sendOver } from '../attacks/send.ts'
import { KIT_PROJECTS, KIT_SECRET, startGateway } from '../kit.ts'
import { sessionsOf } from './sessions.ts'

export const SITES = ['Caddyfile', 'Caddyfile.forward-auth'] as const

/** A real Caddy with a shipped Caddyfile, the gateway behind it, and signed-in users. */
export interface CaddySite {
  readonly port: number
  /** Certificate of Caddy's own certificate authority. */
  readonly ca: Buffer
  /** Cookies by user name, host, origin and projects: the values that cases fill in. */
  readonly values: Record<string, string>
  /** Sends bytes over TLS and reads the first response. */
  raw(bytes: string): Promise<RawResponses>
  close(): Promise<void>
}

const UNREACHABLE = 'http://127.0.0.1:1'

export async function startCaddySite(
  name: string,
  folder: string,
  upstream: string,
  routes: readonly Record<string, unknown>[],
): Promise<CaddySite> {
  const [port, gatewayPort] = [await freePort(), await freePort()]
  const host = `o.localhost:${port}`
  const session = { secrets: [KIT_SECRET], store: `sqlite:${join(folder, `${name}.db`)}` }
  const server = { publicUrl: `https://${host}`, trustedProxies: ['127.0.0.1/32'] }
  const values = await sessionsOf(
    {
      server,
      session,
      routes,
      issuer: { url: UNREACHABLE, clientId: 'gateway', clientSecret: 'not-used-in-this-test' },
      access: { adminGroup: 'modelops-admins' },
      projects: { source: 'static', list: KIT_PROJECTS },
    },
    UNREACHABLE,
  )
  const config = { server, session, cors: { allowedOrigins: ['https://ui.example'] } }
  const gateway = await startGateway({ port: gatewayPort, issuerUrl: UNREACHABLE, upstream, routes, config })
  const ca = () => readFileSync(join(folder, name, 'caddy/pki/authorities/local/root.crt'))
  const raw = (bytes: string) =>
    sendOver(
      connect({ port, host: '127.0.0.1', ca: ca(), servername: 'o.localhost', ALPNProtocols: ['http/1.1'] }),
      bytes,
      true,
    )
  const caddy = await startBackground({
    name,
    command: 'caddy',
    args: ['run', '--config', join(checkout, 'caddy', name), '--adapter', 'caddyfile'],
    env: {
      XDG_DATA_HOME: join(folder, name),
      GATEWAY_SITE: `https://${host}`,
      GATEWAY_BIND: '127.0.0.1',
      GATEWAY_REPLICAS: `127.0.0.1:${gatewayPort}`,
      APPLICATION: new URL(upstream).host,
    },
    logFile: join(folder, `${name}.log`),
    readyUrl: async () => {
      try {
        return (await raw(`GET /auth/client-config HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).responses[0]?.status === 200
      } catch {
        return false
      }
    },
    readySeconds: 30,
  })
  const facts = {
    host,
    origin: `https://${host}`,
    alpha: ALPHA,
    beta: BETA,
    ALPHA: ALPHA.toUpperCase(),
    alpha1: ALPHA.slice(1),
  }
  return {
    port,
    ca: ca(),
    values: { ...values, ...facts },
    raw,
    async close() {
      await caddy.close()
      await gateway.close()
    },
  }
}
