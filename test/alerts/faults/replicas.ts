import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startIssuer } from '../../../infra/issuer/issuer.ts'
import { keep, type Scenario } from '../lab/deployment.ts'
import { GatewayProcess } from '../lab/gateway-process.ts'
import { repeat } from '../lab/load.ts'
import type { Monitoring } from '../lab/monitoring.ts'

const [DOWN, NONE, LOOP, OVERLOADED] = [
  'ModelopsGatewayReplicaDown',
  'ModelopsGatewayNoReplica',
  'ModelopsGatewayRestartLoop',
  'ModelopsGatewayOverloaded',
] as const

const WORKERS = 3

/** Processes and workers are killed again and again, one process gets no time, and at last all are down. */
export const processesFail: Scenario = async (folder, parts) => {
  const issuer = keep(parts, await startIssuer())
  const routes = [{ name: 'lobby', app: 'generic', path: '/lobby', access: 'login', upstream: 'http://127.0.0.1:1' }]
  const [alone, cluster] = await Promise.all([
    GatewayProcess.start({ folder, name: 'alone', issuerUrl: issuer.url, parts }, { routes }),
    GatewayProcess.start(
      { folder, name: 'cluster', issuerUrl: issuer.url, parts },
      {
        routes,
        server: { workers: WORKERS },
        session: { store: `sqlite:${join(folder, 'sessions.db')}` },
      },
    ),
  ])
  const job = 'replicas-modelops-gateway'

  /** A process that starts again and again, however long a start takes on this machine. */
  const restart = async (monitoring: Monitoring) => {
    await alone.kill()
    const killedAt = Math.floor(Date.now() / 1000)
    await alone.start()
    await monitoring.settled(`process_start_time_seconds{instance="${alone.target}"} >= ${killedAt}`)
  }

  return {
    job,
    targets: [alone.target, cluster.target],
    expected: [DOWN, NONE, LOOP, OVERLOADED],
    async run(monitoring) {
      await alone.kill()
      await monitoring.fires(DOWN, job, { instance: alone.target })
      await alone.start()
      await monitoring.resolves(DOWN, job)
      const paused = repeat(0, () => pause(alone))
      parts.defer(paused.cancel)
      await monitoring.fires(OVERLOADED, job, { instance: alone.target })
      await paused.stop()
      await monitoring.resolves(OVERLOADED, job)
      const killing = repeat(4000, async () => {
        for (const worker of workersOf(cluster.pid)) process.kill(worker, 'SIGKILL')
      })
      parts.defer(killing.cancel)
      await monitoring.fires(LOOP, job, { instance: cluster.target })
      await killing.stop()
      const restarting = repeat(0, () => restart(monitoring))
      parts.defer(restarting.cancel)
      await monitoring.fires(LOOP, job, { instance: alone.target })
      await restarting.stop()
      await monitoring.resolves(LOOP, job)
      await Promise.all([alone.kill(), cluster.kill()])
      await monitoring.fires(NONE, job)
      await Promise.all([alone.start(), cluster.start()])
      await monitoring.resolves(NONE, job)
    },
  }
}

/** Its child processes, without the watcher that ends them with the test. */
const workersOf = (pid: number): number[] =>
  execFileSync('ps', ['--ppid', String(pid), '-o', 'pid=,comm='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((line) => !line.endsWith(' sh'))
    .map((line) => Number.parseInt(line, 10))

/** A process gets no time for a moment, at least twice between two scrapes. */
async function pause(gateway: GatewayProcess): Promise<void> {
  gateway.signal('SIGSTOP')
  await sleep(320)
  gateway.signal('SIGCONT')
  await sleep(160)
}
