import type { Readiness } from './own-endpoints.ts'

export interface ReadinessDeps {
  readonly issuer: { readonly ready: boolean }
  readonly sessions: { ping(): Promise<unknown> }
  /** Whether this process is about to stop: it still responds, and takes no more work. */
  readonly draining: () => boolean
}

/**
 * What `/readyz` reports. Anybody may ask and the store writes for it, so that one question is under way for all who ask.
 */
export function buildReadiness({ issuer, sessions, draining }: ReadinessDeps): () => Promise<Readiness> {
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
    return { issuer: issuer.ready ? 'ready' : 'down', store, process: draining() ? 'draining' : 'ready' }
  }
}
