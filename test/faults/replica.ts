import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { type Background, sendSignal, startBackground } from '../../infra/parts/background.ts'
import { clockAhead } from '../../infra/parts/faketime.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { bundledProgram } from '../cli/bundled.ts'
import { KIT_PROJECTS, KIT_SECRET } from '../kit.ts'

/** Opens the session administration of every replica. */
export const ADMIN_TOKEN = 'a-token-of-the-fault-tests'

/** One gateway process. */
export interface Replica {
  /** Its own listener, without Caddy. */
  readonly url: string
  readonly adminUrl: string
  /** @param program Another version of the program. Default: this checkout */
  start(program?: string): Promise<void>
  /** Sends SIGTERM and waits for the exit. */
  drain(): Promise<void>
  kill(): Promise<void>
  /** Its log so far. */
  logged(): string
}

export interface ReplicaOptions {
  readonly name: string
  readonly folder: string
  /** The URL of all replicas. */
  readonly publicUrl: string
  readonly issuerUrl: string
  readonly upstreamUrl: string
  readonly store: string
  /** Merged over the session section. */
  readonly session: Record<string, unknown> | undefined
  /** Merged over the sections of the configuration. */
  readonly config?: Readonly<Record<string, Record<string, unknown>>> | undefined
  /** How far its clock is ahead, in seconds. Negative: behind. */
  readonly clockAhead: number
}

export async function makeReplica(options: ReplicaOptions): Promise<Replica> {
  const { name, folder } = options
  const [port, adminPort] = [await freePort(), await freePort()]
  const [file, logFile] = [join(folder, `${name}.yaml`), join(folder, `${name}.log`)]
  writeFileSync(file, JSON.stringify(configOf(options, port, adminPort)))
  const env = options.clockAhead === 0 ? {} : await clockAhead(options.clockAhead)
  let running: Background | undefined
  const stop = async (signal: NodeJS.Signals) => {
    const stopping = running
    running = undefined
    if (stopping === undefined) return
    sendSignal(signal === 'SIGKILL' ? -stopping.pid : stopping.pid, signal)
    await stopping.stopped
    await stopping.close()
  }
  return {
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    async start(program) {
      const [command = '', ...args] = program === undefined ? await bundledProgram() : startOf(program)
      running = await startBackground({
        ...{ name, env, logFile },
        command,
        args: [...args, 'serve', '--config', file],
        readyUrl: `http://127.0.0.1:${port}/healthz`,
        readySeconds: 60,
      })
    },
    drain: () => stop('SIGTERM'),
    kill: () => stop('SIGKILL'),
    logged: () => readFileSync(logFile, 'utf8'),
  }
}

const startOf = (program: string) => [process.execPath, '--disable-warning=ExperimentalWarning', program]

const configOf = (
  { publicUrl, issuerUrl, upstreamUrl, store, session, config = {} }: ReplicaOptions,
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
    ...config.server,
  },
  issuer: {
    url: issuerUrl,
    clientId: GATEWAY_CLIENT.id,
    clientSecret: GATEWAY_CLIENT.secret,
    timeoutSeconds: 15,
    ...config.issuer,
  },
  session: { secrets: [KIT_SECRET], store, ...session },
  access: { adminGroup: 'modelops-admins' },
  projects: { source: 'static', list: KIT_PROJECTS },
  routes: [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: upstreamUrl }],
})
