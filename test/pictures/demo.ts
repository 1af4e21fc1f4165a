import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { checkout } from '../../infra/parts/directories.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { UPDATE } from './album.ts'

/** `npm run demo` in a process of its own, with data of its own. */
export interface Demo {
  /** Origin of the gateway. */
  readonly url: string
  readonly uiUrl: string
  /** The data of the demo, `.demo` for a reader. */
  readonly directory: string
  /** What the page of the tutorial says, with the ports and the folder of this demo. */
  localize(text: string): string
  close(): Promise<void>
}

/** The ports that a reader gets, by their variable. Pictures show them. */
const PORTS = {
  DEMO_PORT: 4180,
  DEMO_ISSUER_PORT: 4182,
  DEMO_MLFLOW_PORT: 4183,
  DEMO_UI_PORT: 4184,
  DEMO_CORE_PORT: 4185,
}

export async function startDemo(): Promise<Demo> {
  const directory = mkdtempSync(join(tmpdir(), 'demo-'))
  const ports = await Promise.all(
    Object.entries(PORTS).map(async ([name, usual]) => [name, usual, UPDATE ? usual : await freePort()] as const),
  )
  const env = Object.fromEntries(ports.map(([name, , port]) => [name, String(port)]))
  const logFile = join(directory, 'demo.log')
  const demo: Background = await startBackground({
    name: 'The demo',
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', join(checkout, 'infra', 'demo', 'demo.ts')],
    env: { ...env, DEMO_DIRECTORY: directory },
    logFile,
    readyUrl: async () => readFileSync(logFile, 'utf8').includes('Press Ctrl-C'),
    readySeconds: 90,
  })
  return {
    url: `http://localhost:${env.DEMO_PORT}`,
    uiUrl: `http://localhost:${env.DEMO_UI_PORT}/`,
    directory,
    localize: (text) =>
      ports
        .reduce((done, [, usual, port]) => done.replaceAll(`localhost:${usual}`, `localhost:${port}`), text)
        .replaceAll('.demo/', `${directory}/`),
    close: async () => {
      await demo.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
