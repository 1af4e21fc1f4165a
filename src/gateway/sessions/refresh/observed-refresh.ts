import type { SessionEvents } from '../session-events.ts'
import type { RefreshTokens } from './refresher.ts'

/** The same refresh, with its result and its time reported. */
export function observeRefresh(refresh: RefreshTokens, events: Pick<SessionEvents, 'refreshed'>): RefreshTokens {
  return async (session) => {
    const startedAt = performance.now()
    let result: Parameters<SessionEvents['refreshed']>[0] = 'unavailable'
    try {
      const refreshed = await refresh(session)
      result = refreshed === 'ended' ? 'rejected' : 'success'
      return refreshed
    } finally {
      events.refreshed(result, (performance.now() - startedAt) / 1000)
    }
  }
}
