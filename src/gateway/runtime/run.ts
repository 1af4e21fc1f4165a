import { Registry } from 'prom-client'
import { systemClock } from '../../shared/clock.ts'
import { messageOf } from '../../shared/message-of.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { buildLog, type Logger } from '../observability/log.ts'
import { Instruments } from '../observability/metrics/instruments.ts'
import { buildReloadMetrics } from '../observability/metrics/reload-metrics.ts'
import { buildWorkerMetrics } from '../observability/metrics/worker-metrics.ts'
import { openAudit } from './open-audit.ts'
import { buildReload, type ReloadDeps } from './reload.ts'
import { ReloadHistory } from './reload-history.ts'
import { SecretFiles } from './secret-files.ts'
import { shrinkHeap } from './shrink-heap.ts'
import { type RunningServer, startServer } from './start.ts'
import { countWorkers } from './workers/count-workers.ts'
import { Supervisor } from './workers/supervisor.ts'
import { isWorker, WorkerSide } from './workers/worker.ts'

/**
 * Runs the gateway until it is stopped: load, build, listen, drain. SIGHUP reloads the file.
 * @throws ConfigurationError
 * @throws StartError
 */
export async function run(file: string): Promise<void> {
  const worker = isWorker() ? new WorkerSide() : undefined
  const warnings: string[] = []
  const secrets = new SecretFiles()
  const config = worker
    ? await worker.config().catch(endWithoutSupervisor)
    : secrets.load((onFile) =>
        loadConfig(file, process.env, { warn: (message) => void warnings.push(message), onFile }),
      )
  shrinkHeap()
  const log = buildLog(config.log)
  const warn = (message: string) => log.warn({ event: 'config-warning' }, message)
  warnings.forEach(warn)
  process.on('unhandledRejection', (error) =>
    log.error({ event: 'unhandled-rejection', err: error }, 'unexpected error'),
  )
  if (worker) return runWorker(worker, config, log)
  const say = (address: string, workers: string) =>
    console.error(
      `modelops-gateway ready at ${config.server.publicUrl} (listening on ${address}, configuration ${file}${workers})`,
    )
  const start: Start = {
    config,
    log,
    load: () => secrets.load((onFile) => loadConfig(file, process.env, { warn, onFile })),
    secrets,
    say,
  }
  const count = countWorkers(config, log)
  if (count > 1) await runSupervisor(start, count)
  else await runAlone(start)
}

interface Start extends Pick<ReloadDeps, 'load' | 'log'> {
  readonly config: Config
  readonly secrets: SecretFiles
  /** Prints that the gateway is ready. Called last, because a supervisor may send a signal as soon as it reads this. */
  readonly say: (address: string, workers: string) => void
}

async function runAlone({ config, log, load, secrets, say }: Start): Promise<void> {
  const hangUp = onHangUp()
  const history = new ReloadHistory()
  const startedAt = Date.now()
  const replica = async () => ({ workers: 1, startedAt, reloads: history.results })
  const server = await startServer(config, { log, replica })
  const { instruments } = server.metrics
  buildWorkerMetrics(instruments, () => 1)
  const metrics = buildReloadMetrics(instruments, Date.now(), () => secrets.current)
  const { audit } = server
  hangUp(buildReload({ current: config, load, prepare: server.prepare, log, metrics, audit, onReload: history.add }))
  drainAtSignal(server, log)
  say(server.address, config.server.workers === 1 ? '' : ', 1 worker')
}

/** Workers count from 1. */
const SUPERVISOR_SLOT = 0

async function runSupervisor({ config, log, load, secrets, say }: Start, count: number): Promise<void> {
  const hangUp = onHangUp()
  const instruments = new Instruments(new Registry())
  const history = new ReloadHistory()
  const audit = await openAudit(config, instruments, { log, clock: systemClock, slot: SUPERVISOR_SLOT })
  const supervisor = new Supervisor({ count, config, log, instruments, audit, history })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => supervisor.stop())
  await supervisor.start().catch(async (error: unknown) => {
    await audit.close()
    throw error
  })
  const prepare = (next: Config) => supervisor.prepare(next)
  const metrics = buildReloadMetrics(instruments, Date.now(), () => secrets.current)
  hangUp(buildReload({ current: config, load, prepare, log, metrics, audit, onReload: history.add }))
  say(config.server.listen, `, ${count} workers`)
}

async function runWorker(worker: WorkerSide, config: Config, log: Logger): Promise<void> {
  // A terminal that closes tells the whole group: it is the supervisor that reads the file again.
  process.on('SIGHUP', () => undefined)
  const exposition = () => worker.exposition()
  const replica = () => worker.replica()
  const server = await startServer(config, { log, exposition, replica, slot: worker.slot }).catch(
    async (error: unknown) => {
      await worker.failed(messageOf(error)).catch(() => undefined) // a supervisor that has exited needs no message
      process.exit(1)
    },
  )
  drainAtSignal(server, log, () => worker.finished())
  await worker.serves(server)
}

/** A supervisor that has exited meanwhile has said why: its worker has nothing to add. */
function endWithoutSupervisor(error: unknown): never {
  const isGone = !process.connected || ['EPIPE', 'ECONNRESET'].includes(Object(error).code)
  if (isGone) process.exit(1)
  throw error
}

/** From here on SIGHUP does not end the process; what it asks for waits until there is somebody to do it. */
function onHangUp(): (reload: () => Promise<void>) => void {
  const { promise, resolve } = Promise.withResolvers<() => Promise<void>>()
  process.on('SIGHUP', () => void promise.then((reload) => reload()))
  return resolve
}

/** What a draining process may take beyond `server.drainSeconds` before it is ended, s. */
const GRACE_SECONDS = 5

/** @param last Called when everything is closed. */
function drainAtSignal(
  server: Pick<RunningServer, 'close' | 'drainSeconds'>,
  log: Logger,
  last: () => Promise<void> = async () => undefined,
): void {
  let stopping: Promise<void> | undefined
  const end = () => {
    log.flush()
    if (isWorker()) process.disconnect()
    process.exitCode = 0
  }
  const stop = (signal: string) => {
    if (stopping) return
    log.info({ event: 'draining', signal }, 'no new connections; requests in flight are finished')
    // Whatever a peer, a store or an issuer does: a process that was told to stop ends.
    const forced = () => {
      log.warn({ event: 'stopped', forced: true }, 'not everything closed in time; the process ends')
      end()
      process.exit(0)
    }
    setTimeout(forced, (server.drainSeconds() + GRACE_SECONDS) * 1000).unref()
    // A supervisor that has exited needs nothing more.
    const closed = server.close().then(() => last().catch(() => undefined))
    stopping = closed.then(() => {
      log.info({ event: 'stopped' }, 'stopped')
      end()
    })
  }
  // A worker receives it from its supervisor, and often from whoever signals the whole group: the second must not kill it.
  process.on('SIGTERM', () => stop('SIGTERM'))
  if (isWorker()) process.on('SIGINT', () => stop('SIGINT'))
  else process.once('SIGINT', () => stop('SIGINT'))
}
