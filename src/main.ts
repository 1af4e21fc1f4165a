import type { Config } from './config/schema.ts'
import { buildLog } from './observability/log.ts'
import { startServer } from './server.ts'

/** Runs the gateway until it is told to stop: load (the caller), build, listen, drain. */
export async function run(config: Config, file: string): Promise<void> {
  const log = buildLog(config.log)
  process.on('unhandledRejection', (error) =>
    log.error({ event: 'unhandled-rejection', err: error }, 'unexpected error'),
  )
  const server = await startServer(config, { log })
  console.error(
    `modelops-gateway ready at ${config.server.publicUrl} (listening on ${server.address}, configuration ${file})`,
  )

  let stopping: Promise<void> | undefined
  const stop = (signal: string) => {
    if (stopping) return
    log.info({ event: 'draining', signal }, 'no new connections; requests in flight are finished')
    stopping = server.close().then(() => {
      log.info({ event: 'stopped' }, 'stopped')
      log.flush()
      process.exitCode = 0
    })
  }
  process.once('SIGTERM', () => stop('SIGTERM'))
  process.once('SIGINT', () => stop('SIGINT'))
}
