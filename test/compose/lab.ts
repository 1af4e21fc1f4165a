import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePodman } from '../../infra/parts/podman.ts'
import { toStderr } from '../../infra/parts/progress.ts'
import { CommandFailed, Engine } from './engine.ts'
import { startStack } from './stack.ts'

/** All services of docker-compose.yml, healthy. */
export interface Lab {
  readonly engine: Engine
  /** Name and value of each secret of this run. */
  readonly secrets: readonly (readonly [name: string, value: string])[]
  close(): Promise<void>
}

/** Reads its secrets from the folder `SECRETS`. */
export async function startLab(): Promise<Lab> {
  const folder = process.env.SECRETS ?? ''
  const dags = join(import.meta.dirname, '..', 'airflow', 'dags')
  const engine = new Engine(await ensurePodman(), { SECRETS: folder, DAGS: dags })
  const close = () => removeAll(engine)
  await close() // what an interrupted run left in the engine's storage
  try {
    await startStack(engine)
  } catch (error) {
    await close()
    throw error
  }
  const names = readdirSync(folder).filter((name) => !name.includes('certificate') && name !== 'authority_key')
  return { engine, close, secrets: names.map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const) }
}

async function removeAll(engine: Engine): Promise<void> {
  toStderr('compose: removing containers, volumes and networks')
  await engine.podman('rm', '--all', '--force', '--time', '1')
  await engine.podman('volume', 'rm', '--all', '--force')
  await engine.podman('network', 'prune', '--force')
}

const CONNECT = `
const [host, port] = process.argv.slice(1)
const { connect, isIP } = require('node:net')
const socket = connect({ host, port: Number(port), timeout: isIP(host) ? 3000 : 20000 }) // a name server may be slow
const end = (word) => { console.log(word); process.exit(0) }
socket.on('connect', () => end('connected')).on('timeout', () => end('timeout')).on('error', (e) => end(e.code))`

/** The result of a TCP connection from a separate container on a network of the compose file. */
export async function connectFrom(engine: Engine, network: string, host: string, port: number): Promise<string> {
  const options = ['--rm', '--network', `${engine.project}_${network}`, '--entrypoint', 'node']
  const said = await engine.podman('run', ...options, 'modelops-gateway:local', '-e', CONNECT, host, String(port))
  return said.trim()
}

/** The same from inside the gateway. */
export const connectFromGateway = async (engine: Engine, host: string, port: number) =>
  (await engine.inside('gateway-2', 'node', '-e', CONNECT, host, String(port))).trim()

/** The addresses of a service, one per network. */
export async function addressesOf(engine: Engine, service: string): Promise<string[]> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'
  return (await engine.podman('inspect', '--format', format, engine.container(service))).trim().split(/\s+/)
}

/** Whether a command in a service's container fails. */
export const refusedInside = (engine: Engine, service: string, ...command: string[]) =>
  engine.inside(service, ...command).then(
    () => false,
    (error) => error instanceof CommandFailed,
  )
