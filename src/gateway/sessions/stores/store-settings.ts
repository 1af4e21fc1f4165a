import type { Logger } from 'pino'
import type { SessionBackend } from './backend.ts'

/** How often the settings of a running store are checked, in milliseconds. */
const CHECK_EVERY_MS = 60_000
/** Pause after a check without a result: the store was down, or the machine was busy at the start. Milliseconds. */
const RETRY_MS = 5_000

/**
 * Warns of a setting of the store that could lose sessions, when it is first found and when its value changes. A store
 * that is down is checked again later: this neither delays nor prevents a start.
 * @returns the function that stops the checks
 */
export function watchStoreSettings(
  backend: Pick<SessionBackend, 'settingsFault'>,
  log: Logger,
  everyMs: number = CHECK_EVERY_MS,
): () => void {
  let seen: string | undefined
  const check = async () => {
    const fault = await backend.settingsFault?.()
    if (fault !== undefined && fault.got !== seen)
      log.warn({ event: 'store-setting', ...fault }, 'the session store may lose sessions')
    seen = fault?.got
  }
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const checkAgain = async () => {
    const pauseMs = await check().then(
      () => everyMs,
      () => Math.min(RETRY_MS, everyMs), // requests report an outage
    )
    if (!stopped) timer = setTimeout(() => void checkAgain(), pauseMs).unref()
  }
  void checkAgain()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
