import { availableParallelism } from 'node:os'
import type { Config } from '../../config/schema.ts'
import type { Logger } from '../../observability/log.ts'

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
