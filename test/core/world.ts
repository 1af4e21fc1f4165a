import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { type CoreConfig, parseCoreConfig } from '../../src/core-api/config.ts'
import { type CoreService, startCore } from '../../src/core-api/service.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { startGateway } from '../kit.ts'

export const ENCRYPTION_TOKEN = 'world-encryption-token-0123456789'

/** Issuer, core API and gateway on free loopback ports; the gateway gets its projects from the core API. */
export interface World {
  readonly issuer: EmbeddedIssuer
  readonly gatewayUrl: string
  readonly gateway: RunningServer
  readonly config: CoreConfig
  readonly core: CoreService
  readonly tokenUrl: string
  /** Everything that gateway and core logged. */
  readonly logged: () => string
  readonly folder: string
  /** An access token of the service user, who is an administrator. */
  serviceToken(): Promise<string>
  /** Stops the core API and starts it again where it was. */
  stopCore(): Promise<void>
  restartCore(): Promise<void>
  close(): Promise<void>
}

export interface WorldOptions {
  readonly storage?: string
  /** Sections that replace those of the gateway's default configuration. */
  readonly gateway?: Record<string, Record<string, unknown>>
  readonly port?: number
  readonly publicUrl?: string
  readonly routes?: readonly Record<string, unknown>[]
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'core-world-'))
  const [port, corePort] = [options.port ?? (await freePort()), await freePort()]
  const gatewayUrl = options.publicUrl ?? `http://127.0.0.1:${port}`
  const issuer = await startIssuer({ gatewayUrls: [gatewayUrl] })
  const lines: string[] = []
  const collected: Record<string, unknown>[] = []
  const log = pino(new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) }))
  const config = parseCoreConfig(
    JSON.stringify({
      server: { listen: `127.0.0.1:${corePort}`, drainSeconds: 0 },
      gateway: { publicUrl: gatewayUrl, jwksUrl: `http://127.0.0.1:${port}/auth/jwks.json` },
      issuer: { url: issuer.url, audiences: ['gateway'] },
      access: {
        adminGroup: 'modelops-admins',
        directoryReaders: ['gateway'],
        jobUsers: [CI_CLIENT.id],
        adminClients: [CI_CLIENT.id],
      },
      jobs: { userIs: 'username' },
      storage: { url: options.storage ?? `sqlite:${join(folder, 'core.db')}` },
      encryption: { token: ENCRYPTION_TOKEN },
      log: { requests: 'all' },
    }),
    'core.yaml',
    {},
  )
  let core = await startCore(config, log, Date.now)
  const serviceToken = () => clientToken(`${issuer.url}/token`, CI_CLIENT.id, CI_CLIENT.secret)
  await seed(core.url, await serviceToken())
  const upstream = core.url
  const gateway = await startGateway({
    port,
    issuerUrl: issuer.url,
    upstream,
    logged: collected,
    config: {
      server: { publicUrl: gatewayUrl },
      access: { adminGroup: 'modelops-admins', serviceUsers: [CI_CLIENT.id] },
      projects: { source: 'core', url: upstream, refreshSeconds: 1 },
      ...options.gateway,
    },
    routes: options.routes ?? [{ name: 'core', app: 'core', path: '/core', access: 'member' }],
  })
  return {
    issuer,
    gatewayUrl,
    gateway,
    config,
    get core() {
      return core
    },
    tokenUrl: `${issuer.url}/token`,
    logged: () => `${lines.join('')}${collected.map((line) => JSON.stringify(line)).join('\n')}`,
    folder,
    serviceToken,
    stopCore: () => core.close(),
    async restartCore() {
      core = await startCore(config, log, Date.now)
    },
    async close() {
      await gateway.close()
      await core.close()
      await issuer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function clientToken(tokenUrl: string, id: string, secret: string): Promise<string> {
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await response.json()) as { access_token?: string }
  if (token === undefined) throw new Error(`no token: ${response.status}`)
  return token
}

async function seed(coreUrl: string, token: string): Promise<void> {
  for (const [id, name] of [
    [ALPHA, 'alpha'],
    [BETA, 'beta'],
  ]) {
    const response = await fetch(`${coreUrl}/api/projects`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ id, name, groups: [`project-${name}`] }),
    })
    if (response.status !== 201) throw new Error(`seeding ${name}: ${response.status} ${await response.text()}`)
  }
}
