import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startBackground } from '../../infra/parts/background.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { send } from '../../src/cli/selftest/wire/send.ts'

export interface CaddyFront {
  /** PEM file of Caddy's own certificate authority. */
  readonly ca: string
  close(): Promise<void>
}

export interface CaddyFrontOptions {
  /** A Caddyfile of this repository. */
  readonly name: string
  readonly folder: string
  readonly port: number
  readonly gatewayPort: number
  readonly application: string
}

/** A real Caddy with a shipped Caddyfile, in front of a gateway that already runs. */
export async function startCaddyFront(options: CaddyFrontOptions): Promise<CaddyFront> {
  const { name, folder, port, gatewayPort, application } = options
  const ca = join(folder, 'caddy/pki/authorities/local/root.crt')
  const caddy = await startBackground({
    name,
    command: 'caddy',
    args: ['run', '--config', join(checkout, 'caddy', name), '--adapter', 'caddyfile'],
    env: {
      XDG_DATA_HOME: folder,
      GATEWAY_SITE: `https://localhost:${port}`,
      GATEWAY_BIND: '127.0.0.1',
      GATEWAY_REPLICAS: `127.0.0.1:${gatewayPort}`,
      APPLICATION: application,
    },
    logFile: join(folder, `${name}.log`),
    readyUrl: () => isReady(port, ca),
    readySeconds: 30,
  })
  return { ca, close: () => caddy.close() }
}

async function isReady(port: number, caFile: string): Promise<boolean> {
  const request = `GET /auth/client-config HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`
  try {
    const place = { host: 'localhost', port, tls: true, verifies: true, ca: readFileSync(caFile, 'utf8') }
    const received = await send(place, request)
    return received.kind === 'response' && received.first.status === 200
  } catch {
    return false
  }
}
