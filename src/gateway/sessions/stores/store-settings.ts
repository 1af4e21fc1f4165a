import type { Logger } from 'pino'
import type { SessionBackend } from './backend.ts'

/** A setting can be changed under a running store: looked at this often, milliseconds. */
const LOOK_EVERY_MS = 60_000

/**
 * Warns of a setting of the store that endangers sessions, when it is first seen and whenever it becomes another one. A
 * store that is away is asked again: this neither delays a start nor ends one. Returns what stops the watching.
 */
export function watchStoreSettings(
  backend: Pick<SessionBackend, 'settingsFault'>,
  log: Logger,
  everyMs: number = LOOK_EVERY_MS,
): () => void {
  let seen: string | undefined
  const look = async () => {
    const fault = await backend.settingsFault?.()
    if (fault !== undefined && fault.got !== seen)
      log.warn({ event: 'store-setting', ...fault }, 'the session store may drop sessions')
    seen = fault?.got
  }
  const lookQuietly = () => void look().catch(() => undefined) // an outage is told by whoever needs the store
  lookQuietly()
  const timer = setInterval(lookQuietly, everyMs).unref()
  return () => clearInterval(timer)
}
