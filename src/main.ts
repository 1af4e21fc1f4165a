import type { Config } from './config/schema.ts'
import { buildLog } from './observability/log.ts'
import { startServer } from './server.ts'
import { announceReady, countWorkers, isWorker, superviseWorkers } from './workers.ts'

/** Runs the gateway until it is told to stop: load (the caller), build, listen, drain. */
export async function run(config: Config, file: string): Promise<void> {
  const log = buildLog(config.log)
  process.on('unhandledRejection', (error) =>
    log.error({ event: 'unhandled-rejection', err: error }, 'unexpected error'),
  )
  const say = (address: string, workers: number) =>
    console.error(
      `modelops-gateway ready at ${config.server.publicUrl} (listening on ${address}, configuration ${file}${
        workers > 1 ? `, ${workers} workers` : ''
      })`,
    )
  const workers = isWorker() ? 1 : countWorkers(config, log)
  if (workers > 1) {
    superviseWorkers(workers, log, () => say(config.server.listen, workers))
    return
  }
  const server = await startServer(config, { log })

  let stopping: Promise<void> | undefined
  const stop = (signal: string) => {
    if (stopping) return
    log.info({ event: 'draining', signal }, 'no new connections; requests in flight are finished')
    stopping = server.close().then(() => {
      log.info({ event: 'stopped' }, 'stopped')
      log.flush()
      if (isWorker()) process.disconnect()
      process.exitCode = 0
    })
  }
  process.once('SIGTERM', () => stop('SIGTERM'))
  process.once('SIGINT', () => stop('SIGINT'))
  // Last: whoever reads it may send a signal at once.
  if (isWorker()) announceReady()
  else say(server.address, 1)
}
