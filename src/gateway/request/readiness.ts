import type { Readiness } from './own-endpoints.ts'

export interface ReadinessDeps {
  readonly issuer: { readonly known: boolean; readonly ready: boolean }
  /** Whether an outage of an issuer that has responded before makes the gateway unready: `server.readyNeedsIssuer`. */
  readonly needsIssuer: boolean
  readonly sessions: { ping(): Promise<unknown> }
  /** Whether every sink of the audit trail works; undefined: there is none but the log. */
  readonly audit?: () => boolean | undefined
  /** Whether this process is about to stop: it still responds, and takes no more work. */
  readonly draining: () => boolean
}

/**
 * What `/readyz` reports. Anybody may ask and the store writes for it, so that one question is under way for all who ask.
 */
export function buildReadiness(deps: ReadinessDeps): () => Promise<Readiness> {
  const { issuer, sessions, audit, draining } = deps
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
    const recording = audit?.()
    const hasIssuer = deps.needsIssuer ? issuer.ready : issuer.known
    return {
      isReady: hasIssuer && store === 'ready' && !isDraining,
      parts: {
        ...{ issuer: issuer.ready ? 'ready' : 'down', store, process: isDraining ? 'draining' : 'ready' },
        ...(recording !== undefined && { audit: recording ? 'ready' : 'down' }),
      },
    }
  }
}
