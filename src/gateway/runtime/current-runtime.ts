import type { CurrentRules } from './process-state.ts'
import type { Runtime } from './runtime.ts'

/** What changes while a process runs: the current runtime, and whether the process is about to stop. */
export class CurrentRuntime {
  draining = false
  #runtime: Runtime | undefined

  /** @throws Error before the first runtime has been built: nothing may ask for it then */
  get(): Runtime {
    if (this.#runtime === undefined) throw new Error('no runtime has been built yet')
    return this.#runtime
  }

  /** One reference changes: what arrives before belongs to the previous runtime, what arrives after to the next one. */
  replaceBy(next: Runtime): void {
    this.#runtime = next
  }

  /** What outlives a configuration asks the runtime that is current then. */
  readonly rules: CurrentRules = {
    refresh: (session) => this.get().refresh(session),
    reauthorize: (context, outlivesToken) => this.get().reauthorize(context, outlivesToken),
  }
}
