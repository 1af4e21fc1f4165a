import { setTimeout as sleep } from 'node:timers/promises'
import { toStderr } from '../../infra/parts/progress.ts'
import { readComposeFile, type Service } from './compose-file.ts'
import type { Engine } from './engine.ts'

/** The longest time until a container is healthy, in seconds. */
const HEALTHY_SECONDS = 300
/** Stop waiting for a container after this many restarts. */
const RESTARTS = 3

/**
 * Starts every service and waits for the conditions of docker-compose.yml, because this version of the engine cannot
 * wait for them itself. @throws Error naming the container that is not healthy, with the end of its log
 */
export async function startStack(engine: Engine): Promise<void> {
  const { services } = readComposeFile()
  const waiting = new Map(Object.entries(services))
  const done = new Set<string>()
  while (waiting.size > 0) {
    const next = [...waiting].filter(([, service]) => Object.keys(service.depends_on ?? {}).every((on) => done.has(on)))
    if (next.length === 0) throw new Error(`depends_on goes in a circle: ${[...waiting.keys()].join(', ')}`)
    const names = next.map(([name]) => name)
    toStderr(`compose: starting ${names.join(', ')}`)
    await engine.compose('up', '-d', '--no-build', '--no-deps', '--no-recreate', ...names)
    await Promise.all(next.map(([name, service]) => untilReady(engine, name, service)))
    for (const name of names) {
      waiting.delete(name)
      done.add(name)
    }
  }
}

/** Waits until a service is healthy. A service without a health check must have exited successfully. */
export async function untilReady(engine: Engine, name: string, service: Service): Promise<void> {
  const began = performance.now()
  const isReady = service.healthcheck ? () => isHealthy(engine, name) : () => hasEnded(engine, name)
  while (!(await isReady())) {
    const seconds = (performance.now() - began) / 1000
    if (seconds > HEALTHY_SECONDS) throw await failure(engine, name, `is not healthy after ${HEALTHY_SECONDS} s`)
    await sleep(1000)
  }
  toStderr(`compose: ${name} ready after ${((performance.now() - began) / 1000).toFixed(0)} s`)
}

async function isHealthy(engine: Engine, name: string): Promise<boolean> {
  const restarts = Number(await engine.podman('inspect', '--format', '{{.RestartCount}}', engine.container(name)))
  if (restarts > RESTARTS) throw await failure(engine, name, `stopped ${restarts} times while starting`)
  // exits 0 when the check passes
  return await engine.podman('healthcheck', 'run', engine.container(name)).then(
    () => true,
    () => false,
  )
}

async function hasEnded(engine: Engine, name: string): Promise<boolean> {
  const { Status, ExitCode } = await stateOf(engine, name)
  if (Status !== 'exited') return false
  if (ExitCode !== 0) throw await failure(engine, name, `ended with code ${ExitCode}`)
  return true
}

const stateOf = async (engine: Engine, name: string) =>
  JSON.parse(await engine.podman('inspect', '--format', '{{json .State}}', engine.container(name))) as {
    Status: string
    ExitCode: number
  }

async function failure(engine: Engine, name: string, what: string): Promise<Error> {
  const log = await engine.log(name, 30).catch((error) => String(error))
  return new Error(`${name} ${what}. The end of its log:\n${log}`)
}
