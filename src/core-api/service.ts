import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.ts'
import { listen } from '../shared/listen.ts'
import { ConfigurationError } from '../shared/settings/field-errors.ts'
import { buildCore } from './app.ts'
import { Authenticator } from './auth/authenticator.ts'
import type { CoreConfig } from './config.ts'
import { CredentialCipher } from './crypto/credential-cipher.ts'
import type { CoreDeps } from './deps.ts'
import { Connections } from './store/connections.ts'
import { DefaultConnections } from './store/defaults.ts'
import { Memberships } from './store/memberships.ts'
import { openStorage, type Storage } from './store/open.ts'
import { Projects } from './store/projects.ts'

export interface CoreService {
  readonly url: string
  /** Accepts no more requests, waits up to `server.drainSeconds` for those in flight, then closes the storage. */
  close(): Promise<void>
}

/**
 * Twice the header section that the gateway accepts by default: it forwards what it received and adds the groups of the user
 * in `X-Forwarded-Groups` and in the assertion. Node's own limit of 16 KiB is too small for a user in 200 groups.
 */
const MAX_HEADER_BYTES = 131_072

/** Builds and starts the core API. @throws ConfigurationError, StorageDown, StartError */
export async function startCore(config: CoreConfig, log: Logger, clock: Clock): Promise<CoreService> {
  const storage = await openStorage(config.storage, log)
  try {
    const deps = await buildDeps({ config, log, clock, storage })
    await checkTokens(deps)
    await warn(deps)
    const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, buildCore(deps))
    await listen(server, config.server.listen, 'server.listen')
    return { url: urlOf(server), close: () => stop(server, storage, config.server.drainSeconds) }
  } catch (error) {
    await storage.close()
    throw error
  }
}

interface Parts {
  readonly config: CoreConfig
  readonly log: Logger
  readonly clock: Clock
  readonly storage: Storage
}

export async function buildDeps({ config, log, clock, storage }: Parts): Promise<CoreDeps> {
  return {
    config,
    log,
    clock,
    authenticator: new Authenticator(config, clock),
    cipher: await CredentialCipher.create([config.encryption.token, ...config.encryption.previousTokens]),
    projects: new Projects(storage.db, clock),
    connections: new Connections(storage.db),
    defaults: new DefaultConnections(storage.db),
    memberships: new Memberships(storage.db, clock),
    ping: async () => void (await sql`select 1`.execute(storage.db)),
  }
}

/** With the wrong token the service would start, and the next job would fail. */
async function checkTokens({ connections, cipher }: Pick<CoreDeps, 'connections' | 'cipher'>): Promise<void> {
  const counts = [...(await connections.countByKey())].filter(([keyId]) => !cipher.ids.includes(keyId))
  const unreadable = counts.reduce((sum, [, count]) => sum + count, 0)
  if (unreadable === 0) return
  const expected = 'the token that encrypted the stored connections, here or in encryption.previousTokens'
  const got = `a token that cannot decrypt ${unreadable} of them`
  throw new ConfigurationError('configuration', [{ path: 'encryption.token', expected, got }])
}

async function warn({ config, connections, log }: CoreDeps): Promise<void> {
  if (config.encryption.token.length < 16)
    log.warn({ event: 'weak-token' }, 'the encryption token has fewer than 16 characters')
  if (config.access.serviceUsers.length > 0)
    log.warn(
      { event: 'deprecated-key', key: 'access.serviceUsers' },
      'use access.directoryReaders, access.jobUsers and access.adminClients instead: `modelops-gateway config migrate --core`',
    )
  const outdated = await connections.countOutdated()
  if (outdated > 0)
    log.warn({ event: 'outdated-credentials', connections: outdated }, 'run `core rotate-token` to re-encrypt them')
}

function urlOf(server: Server): string {
  const { port, address: bound, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${bound}]` : bound}:${port}`
}

async function stop(server: Server, storage: Storage, drainSeconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000)
  await closed
  clearTimeout(timer)
  await storage.close()
}
