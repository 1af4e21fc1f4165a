import { join } from 'node:path'
import { pino } from 'pino'
import { parseCoreConfig } from '../../src/core-api/config.ts'
import { type CoreService, startCore } from '../../src/core-api/service.ts'
import { openStorage } from '../../src/core-api/store/open.ts'
import { Projects } from '../../src/core-api/store/projects.ts'

export interface SeededCoreOptions {
  readonly gatewayUrl: string
  readonly issuerUrl: string
  readonly folder: string
  /** The clock of the gateway, in milliseconds: assertions are short-lived. */
  readonly now: () => number
  readonly projects: readonly { readonly id: string; readonly name: string; readonly groups: readonly string[] }[]
}

/** A core API that has these projects. */
export async function startSeededCore(options: SeededCoreOptions): Promise<CoreService> {
  const config = parseCoreConfig(JSON.stringify(settings(options)), 'core.yaml', {})
  const log = pino({ level: 'silent' })
  const storage = await openStorage(config.storage, log)
  const store = new Projects(storage.db, options.now)
  for (const { id, name, groups } of options.projects) await store.create(id, { ...EMPTY, name, groups })
  await storage.close()
  return startCore(config, log, options.now)
}

const EMPTY = { description: '', gitRepositoryUrl: '', branch: '', archived: false, viewerGroups: [] }

const settings = ({ gatewayUrl, issuerUrl, folder }: SeededCoreOptions) => ({
  server: { listen: '127.0.0.1:0', drainSeconds: 0 },
  gateway: { publicUrl: gatewayUrl, jwksUrl: `${gatewayUrl}/auth/jwks.json` },
  issuer: { url: issuerUrl, audiences: ['gateway'] },
  access: { adminGroup: 'modelops-admins' },
  storage: { url: `sqlite:${join(folder, 'core.db')}` },
  encryption: { token: 'directories-encryption-token-0123456789' },
})
