import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.ts'
import { ConfigurationError } from '../shared/settings/field-errors.ts'
import { buildCore } from './app.ts'
import { Proofs } from './auth/proof.ts'
import type { CoreConfig } from './config.ts'
import { KeyRing } from './crypto/keyring.ts'
import type { CoreDeps } from './deps.ts'
import { Connections } from './store/connections.ts'
import { DefaultConnections } from './store/defaults.ts'
import { openStorage, type Storage } from './store/open.ts'
import { Projects } from './store/projects.ts'

export interface CoreService {
  readonly url: string
  /** Takes no more requests, waits for those in flight as long as `server.drainSeconds`, closes the storage. */
  close(): Promise<void>
}

/** Builds and starts the core API. @throws ConfigurationError, StorageDown */
export async function startCore(config: CoreConfig, log: Logger, clock: Clock): Promise<CoreService> {
  const storage = await openStorage(config.storage, log)
  try {
    const deps = await buildDeps({ config, log, clock, storage })
    await checkTokens(deps)
    if (config.encryption.token.length < 16)
      log.warn({ event: 'weak-token' }, 'the encryption token has fewer than 16 characters')
    const server = createServer(buildCore(deps))
    const url = await listen(server, config.server.listen)
    return { url, close: () => shut(server, storage, config.server.drainSeconds) }
  } catch (error) {
    await storage.close()
    throw error
  }
}

export async function buildDeps(parts: {
  config: CoreConfig
  log: Logger
  clock: Clock
  storage: Storage
}): Promise<CoreDeps> {
  const { config, log, clock, storage } = parts
  return {
    config,
    log,
    clock,
    proofs: new Proofs(config, clock),
    ring: await KeyRing.open([config.encryption.token, ...config.encryption.previousTokens]),
    projects: new Projects(storage.db, clock),
    connections: new Connections(storage.db),
    defaults: new DefaultConnections(storage.db),
    ping: async () => void (await sql`select 1`.execute(storage.db)),
  }
}

/** Starting with another token than the stored credentials need would look well, and fail with the next job. */
async function checkTokens({ connections, ring }: Pick<CoreDeps, 'connections' | 'ring'>): Promise<void> {
  const counts = await connections.countByKey()
  const unreadable = [...counts]
    .filter(([keyId]) => !ring.ids.includes(keyId))
    .reduce((sum, [, count]) => sum + count, 0)
  if (unreadable === 0) return
  const expected = 'the token that sealed the stored connections, here or in encryption.previousTokens'
  throw new ConfigurationError('configuration', [
    { path: 'encryption.token', expected, got: `a token that cannot read ${unreadable} of them` },
  ])
}

async function listen(server: Server, address: string): Promise<string> {
  const at = address.lastIndexOf(':')
  const host = address.slice(0, at).replace(/^\[|\]$/g, '')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(address.slice(at + 1)), host, resolve)
  })
  const { port, address: bound, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${bound}]` : bound}:${port}`
}

async function shut(server: Server, storage: Storage, drainSeconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000)
  await closed
  clearTimeout(timer)
  await storage.close()
}
