import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { type Background, startBackground } from '../../../infra/parts/background.ts'
import { checkout } from '../../../infra/parts/directories.ts'
import { freePort } from '../../../infra/parts/ports.ts'
import { ProbeClient } from '../probe/client.ts'
import { type Descriptors, descriptorsOf } from '../probe/descriptors.ts'
import type { ProbePlant } from '../probe/readings.ts'
import { type Addresses, settingsOf, type Variant } from './settings.ts'

/** A gateway process as an operator runs it, with a probe in it. */
export interface Replica {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly probe: ProbeClient
  readonly logFile: string
  descriptors(): Descriptors
  /** Writes the file anew and sends SIGHUP. The log says what became of it. */
  reload(variant: Variant | 'invalid'): void
  /** SIGTERM. Resolves to the exit code, and how long it took. */
  terminate(): Promise<{ readonly code: number | null; readonly seconds: number }>
  close(): Promise<void>
}

export interface ReplicaOptions {
  readonly name: string
  readonly folder: string
  readonly addresses: Addresses
  /** Ports of what it connects to, by name. */
  readonly remote: Readonly<Record<number, string>>
  readonly plants: readonly ProbePlant[]
}

/** Without keeping the connection, which would be counted as that of a client. */
async function isHealthy(url: string): Promise<boolean> {
  const asked = request(url, { agent: false }).end()
  try {
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode === 200
  } catch {
    return false
  }
}

const PROBE = join(import.meta.dirname, '..', 'probe', 'probe.ts')

export async function startReplica({ name, folder, addresses, remote, plants }: ReplicaOptions): Promise<Replica> {
  const ports = { port: await freePort(), adminPort: await freePort() }
  const [file, logFile, socket] = ['yaml', 'log', 'sock'].map((ending) => join(folder, `${name}.${ending}`)) as [
    string,
    string,
    string,
  ]
  const write = (variant?: Variant) => writeFileSync(file, JSON.stringify(settingsOf(addresses, ports, variant)))
  write()
  const url = `http://127.0.0.1:${ports.port}`
  const process_: Background = await startBackground({
    ...{ name, logFile },
    command: process.execPath,
    args: [
      ...['--disable-warning=ExperimentalWarning', '--expose-gc', '--expose-internals', '--import', PROBE],
      ...[join(checkout, 'src/cli/main.ts'), 'serve', '--config', file],
    ],
    env: { LONG_RUN_PROBE: socket, LONG_RUN_PLANTS: plants.join(',') },
    readyUrl: () => isHealthy(`${url}/healthz`),
    readySeconds: 60,
  })
  const probe = await ProbeClient.open(socket)
  const known = { own: { [ports.port]: 'client', [ports.adminPort]: 'admin' }, remote }
  const { pid } = process_
  return {
    ...{ name, url, pid, probe, logFile },
    descriptors: () => descriptorsOf(pid, known),
    reload(variant) {
      if (variant === 'invalid') writeFileSync(file, readFileSync(file, 'utf8').replace('"routes":', '"roads":'))
      else write(variant)
      process.kill(pid, 'SIGHUP')
    },
    async terminate() {
      const startedAt = performance.now()
      process.kill(pid, 'SIGTERM')
      const code = await process_.exitCode
      return { code, seconds: (performance.now() - startedAt) / 1000 }
    },
    async close() {
      probe.close()
      await process_.close()
    },
  }
}
