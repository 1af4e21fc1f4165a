import type { Clock } from '../../../shared/clock.ts'
import { parseRedisAddress } from '../../config/redis-address.ts'
import type { Config } from '../../config/schema.ts'
import type { SessionBackend } from './backend.ts'
import { MemoryBackend } from './memory.ts'

/**
 * Opens the store that `session.store` names.
 * @throws Error when the address cannot be parsed
 * @throws StoreDown when the store cannot be opened
 */
export async function openBackend(config: Pick<Config, 'session'>, clock: Clock): Promise<SessionBackend> {
  const { store } = config.session
  if (store === 'memory') return new MemoryBackend(clock)
  if (store.startsWith('sqlite:')) {
    const { SqliteBackend } = await import('./sqlite.ts') // only where it is used: node:sqlite prints a warning when loaded
    return new SqliteBackend(store.slice('sqlite:'.length), clock)
  }
  const { RedisBackend } = await import('./redis.ts')
  const address = parseRedisAddress(store)
  return new RedisBackend({ address, ca: config.session.storeCa, timeoutMs: config.session.storeTimeoutMs }, clock)
}
