import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { clockAhead } from '../../infra/parts/faketime.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { KIT_PROJECTS, KIT_SECRET } from '../kit.ts'

/** Opens the session administration of every replica. */
export const ADMIN_TOKEN = 'a-token-of-the-fault-tests'

/** One gateway process. */
export interface Replica {
  /** Its own listener, past Caddy. */
  readonly url: string
  readonly adminUrl: string
  start(): Promise<void>
  /** SIGTERM and the end of it. */
  drain(): Promise<void>
  kill(): Promise<void>
  /** Everything it logged so far. */
  logged(): string
}

export interface ReplicaOptions {
  readonly name: string
  readonly folder: string
  /** The one address of all replicas. */
  readonly publicUrl: string
  readonly issuerUrl: string
  readonly upstreamUrl: string
  readonly store: string
  /** Laid over the session section. */
  readonly session: Record<string, unknown> | undefined
  /** Seconds that its clock is ahead; negative: behind. */
  readonly clockAhead: number
}

export async function makeReplica(options: ReplicaOptions): Promise<Replica> {
  const { name, folder } = options
  const [port, adminPort] = [await freePort(), await freePort()]
  const [file, logFile] = [join(folder, `${name}.yaml`), join(folder, `${name}.log`)]
  writeFileSync(file, JSON.stringify(configOf(options, port, adminPort)))
  const env = options.clockAhead === 0 ? {} : await clockAhead(options.clockAhead)
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
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    async start() {
      running = await startBackground({
        ...{ name, env, logFile },
        command: process.execPath,
        args: ['--disable-warning=ExperimentalWarning', join(checkout, 'src/cli/main.ts'), 'serve', '--config', file],
        readyUrl: `http://127.0.0.1:${port}/healthz`,
        readySeconds: 60,
      })
    },
    drain: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    logged: () => readFileSync(logFile, 'utf8'),
  }
}

const configOf = (
  { publicUrl, issuerUrl, upstreamUrl, store, session }: ReplicaOptions,
  port: number,
  admin: number,
) => ({
  server: {
    listen: `127.0.0.1:${port}`,
    adminListen: `127.0.0.1:${admin}`,
    adminTokenHash: createHash('sha256').update(ADMIN_TOKEN).digest('hex'),
    publicUrl,
    trustedProxies: ['127.0.0.1/32'],
    drainSeconds: 10,
  },
  issuer: { url: issuerUrl, clientId: GATEWAY_CLIENT.id, clientSecret: GATEWAY_CLIENT.secret, timeoutSeconds: 15 },
  session: { secrets: [KIT_SECRET], store, ...session },
  access: { adminGroup: 'modelops-admins' },
  projects: { source: 'static', list: KIT_PROJECTS },
  routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: upstreamUrl }],
})
