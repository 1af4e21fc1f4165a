import type { Config } from '../../gateway/config/schema.ts'
import { openBackend } from '../../gateway/sessions/stores/open.ts'
import { systemClock } from '../../shared/clock.ts'
import { messageOf } from '../../shared/message-of.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'

const PATH = 'session.store'

/** Whether the session store can be reached and written, and keeps what is written. */
export async function storeErrors(config: Config): Promise<CheckError[]> {
  try {
    const backend = await openBackend(config, systemClock)
    try {
      await backend.ping()
      const error = await backend.settingsFault?.()
      return error ? [{ path: PATH, ...error }] : []
    } finally {
      await backend.close()
    }
  } catch (error) {
    const hint = 'Start the store, or correct its address.'
    return [{ path: PATH, expected: 'a store that responds', got: messageOf(error), hint }]
  }
}
