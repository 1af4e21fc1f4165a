import type { Clock } from '../../shared/clock.ts'

export type ApplicationState = 'responding' | 'not-responding'

/**
 * Whether each upstream responded to the last request that this process forwarded to it. Nothing is sent to find out, so
 * that an upstream without requests for a while has no state.
 */
export interface ApplicationStates {
  responded(origin: string): void
  failed(origin: string): void
  stateOf(origin: string): ApplicationState | undefined
}

/** An outcome says something about the present for this long, ms. */
const VALID_MS = 300_000

export function buildApplicationStates(clock: Clock): ApplicationStates {
  const last = new Map<string, { state: ApplicationState; at: number }>()

  function note(origin: string, state: ApplicationState): void {
    const known = last.get(origin)
    if (known === undefined) last.set(origin, { state, at: clock() })
    else {
      known.state = state
      known.at = clock()
    }
  }

  return {
    responded: (origin) => note(origin, 'responding'),
    failed: (origin) => note(origin, 'not-responding'),
    stateOf(origin) {
      const known = last.get(origin)
      return known !== undefined && clock() - known.at < VALID_MS ? known.state : undefined
    },
  }
}
