import type { ReloadResult } from '../console/gateway-state.ts'

const KEPT = 20

/** The last reloads of this replica, newest first. */
export class ReloadHistory {
  #results: readonly ReloadResult[] = []

  get results(): readonly ReloadResult[] {
    return this.#results
  }

  readonly add = (result: ReloadResult): void => {
    this.#results = [result, ...this.#results].slice(0, KEPT)
  }
}
