import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import type { SessionBackend } from './backend.ts'
import { MemoryBackend } from './memory.ts'

/**
 * Opens the store that `session.store` names.
 * @throws Error naming the field when this build has no such store; the address may hold a password and is not shown.
 * @throws StoreDown when the store cannot be opened
 */
export async function openBackend(config: Pick<Config, 'session'>, clock: Clock): Promise<SessionBackend> {
  const { store } = config.session
  if (store === 'memory') return new MemoryBackend(clock)
  if (store.startsWith('sqlite:')) {
    const { SqliteBackend } = await import('./sqlite.ts') // only where it is wanted: the module warns when loaded
    return new SqliteBackend(store.slice('sqlite:'.length), clock)
  }
  const scheme = store.split(':', 1)[0]
  throw new Error(`session.store: expected memory or sqlite:PATH, got an address with scheme ${scheme}`)
}
