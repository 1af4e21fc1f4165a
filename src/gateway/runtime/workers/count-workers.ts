import { availableParallelism } from 'node:os'
import type { Config } from '../../config/schema.ts'
import type { Logger } from '../../observability/log.ts'

/** How many processes the configuration asks for. A memory store cannot be shared between processes. */
export function countWorkers({ server, session }: Config, log: Logger): number {
  const wanted = server.workers === 'auto' ? availableParallelism() : server.workers
  if (wanted === 1 || session.store !== 'memory') return wanted
  log.warn(
    { event: 'one-worker', wanted },
    'server.workers: the memory store allows one worker; set session.store to sqlite or Redis for more',
  )
  return 1
}
