import type { Readiness } from './own-endpoints.ts'

export interface ReadinessDeps {
  readonly issuer: { readonly known: boolean; readonly ready: boolean }
  /** Whether an outage of an issuer that has responded before makes the gateway unready: `server.readyNeedsIssuer`. */
  readonly needsIssuer: boolean
  readonly sessions: { ping(): Promise<unknown> }
  /** Whether this process is about to stop: it still responds, and takes no more work. */
  readonly draining: () => boolean
}

/**
 * What `/readyz` reports. Anybody may ask and the store writes for it, so that one question is under way for all who ask.
 */
export function buildReadiness(deps: ReadinessDeps): () => Promise<Readiness> {
  const { issuer, sessions, draining } = deps
  let asking: Promise<string> | undefined

  function storeState(): Promise<string> {
    asking ??= sessions
      .ping()
      .then(
        () => 'ready',
        () => 'down',
      )
      .finally(() => {
        asking = undefined
      })
    return asking
  }

  return async () => {
    const store = await storeState()
    const isDraining = draining()
    const hasIssuer = deps.needsIssuer ? issuer.ready : issuer.known
    return {
      isReady: hasIssuer && store === 'ready' && !isDraining,
      parts: { issuer: issuer.ready ? 'ready' : 'down', store, process: isDraining ? 'draining' : 'ready' },
    }
  }
}
