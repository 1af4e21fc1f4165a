import cluster, { type Worker } from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { Config } from './config/schema.ts'
import type { Logger } from './observability/log.ts'

/** Least time between two deaths of a worker that still counts as bad luck, ms. */
const FAST_DEATH_MS = 2000

/** How many processes the configuration asks for. The memory store is one process's own. */
export function countWorkers({ server, session }: Config, log: Logger): number {
  const wanted = server.workers === 'auto' ? availableParallelism() : server.workers
  if (wanted === 1 || session.store !== 'memory') return wanted
  log.warn(
    { event: 'one-worker', wanted },
    'server.workers: the memory store allows one worker; name a shared store for more',
  )
  return 1
}

/**
 * Runs `count` copies of this program that share the listener. One that dies is started again; one that cannot start
 * ends everything. Resolves to false in a worker: it runs the gateway.
 * @param ready Called once all workers listen.
 */
export function superviseWorkers(count: number, log: Logger, ready: () => void): boolean {
  if (!cluster.isPrimary) return false
  let listening = 0
  let stopping = false
  const bornAt = new WeakMap<Worker, number>()
  const fork = () => bornAt.set(cluster.fork(), Date.now())
  cluster.on('message', (_worker, message) => {
    if (message !== READY) return
    listening += 1
    if (listening === count) ready()
  })
  cluster.on('exit', (worker, code, signal) => {
    if (stopping) return
    log.error({ event: 'worker-died', pid: worker.process.pid, code, signal }, 'a worker died')
    if (listening >= count && Date.now() - (bornAt.get(worker) ?? 0) > FAST_DEATH_MS) return void fork()
    stopping = true
    process.exitCode = 1
    for (const other of Object.values(cluster.workers ?? {})) other?.kill('SIGTERM')
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stopping = true
      // Each worker drains by itself; this process ends with the last of them.
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM')
    })
  }
  for (let i = 0; i < count; i += 1) fork()
  return true
}

const READY = 'modelops-gateway:ready'

/** Tells the supervisor, where there is one, that this worker listens. */
export const announceReady = () => void process.send?.(READY)

/** True in a process that a supervisor started. */
export const isWorker = () => cluster.isWorker
