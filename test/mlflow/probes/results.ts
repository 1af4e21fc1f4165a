import { join } from 'node:path'

/** What the probes of all fields have seen: compared by them, and read for the documentation. */
export const RESULTS_FILE = join(import.meta.dirname, 'results.json')

/** What another project's identifier did in one field of one request. */
export interface Outcome {
  readonly fieldClass: string
  /** Without the gateway: `held`, or what of `changed`, `disclosed` and `told apart` happened. */
  readonly direct: string
  /** Through the gateway. */
  readonly gateway: 'held' | 'told apart'
}

/** By release. */
export type Results = Readonly<
  Record<string, { readonly own: number; readonly probes: Readonly<Record<string, Outcome>> }>
>
