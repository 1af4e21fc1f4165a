import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import type { SessionBackend } from './backend.ts'
import { MemoryBackend } from './memory.ts'

/**
 * Opens the store that `session.store` names.
 * @throws Error naming the field when this build has no such store; the address may hold a password and is not shown.
 */
export async function openBackend(config: Pick<Config, 'session'>, clock: Clock): Promise<SessionBackend> {
  const { store } = config.session
  if (store === 'memory') return new MemoryBackend(clock)
  throw new Error(`session.store: expected memory, got an address with scheme ${store.split(':', 1)[0]}`)
}
