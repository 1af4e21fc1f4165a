import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { isPortFree } from '../parts/ports.ts'
import { PartMissing } from '../parts/progress.ts'

/** Ports of the demo and the data that it keeps between starts. */
export interface DemoSettings {
  readonly gatewayPort: number
  readonly issuerPort: number
  readonly mlflowPort: number
  readonly uiPort: number
  readonly corePort: number
  /** Folder for sessions, keys and MLflow's data: `.demo` in the checkout, or `DEMO_DIRECTORY`. */
  readonly directory: string
  readonly sessionSecret: string
  /** Seals the credentials of connections. Without it, stored credentials cannot be read. */
  readonly encryptionToken: string
}

/** @throws PartMissing naming the variable that is not a port */
export function loadSettings(env: NodeJS.ProcessEnv): DemoSettings {
  const directory = resolve(env.DEMO_DIRECTORY ?? join(checkout, '.demo'))
  mkdirSync(directory, { recursive: true })
  return {
    gatewayPort: portFrom(env, 'DEMO_PORT', 4180),
    issuerPort: portFrom(env, 'DEMO_ISSUER_PORT', 4182),
    mlflowPort: portFrom(env, 'DEMO_MLFLOW_PORT', 4183),
    uiPort: portFrom(env, 'DEMO_UI_PORT', 4184),
    corePort: portFrom(env, 'DEMO_CORE_PORT', 4185),
    directory,
    sessionSecret: keptSecret(join(directory, 'session-secret')),
    encryptionToken: keptSecret(join(directory, 'encryption-token')),
  }
}

function portFrom(env: NodeJS.ProcessEnv, name: string, usual: number): number {
  const text = env[name] ?? String(usual)
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new PartMissing(`${name}: expected a port from 1 to 65535, got ${JSON.stringify(text)}`)
}

function keptSecret(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

/** @throws PartMissing naming every port that is in use, before anything is started */
export async function checkPorts(settings: DemoSettings): Promise<void> {
  const wanted = {
    DEMO_PORT: settings.gatewayPort,
    DEMO_ISSUER_PORT: settings.issuerPort,
    DEMO_MLFLOW_PORT: settings.mlflowPort,
    DEMO_UI_PORT: settings.uiPort,
    DEMO_CORE_PORT: settings.corePort,
  }
  const taken: string[] = []
  for (const [name, port] of Object.entries(wanted)) {
    if (!(await isPortFree(port)))
      taken.push(`Port ${port} is in use. Stop the program that uses it, or set ${name} to another port.`)
  }
  if (taken.length > 0) throw new PartMissing(taken.join('\n'))
}
