import type { Count, Wrong } from '../oracle/oracle.ts'
import type { Sample } from './samples.ts'

/** What a run has seen, as plain values: it can be written to a file, and read from it to draw it anew. */
export interface RunResult {
  readonly minutes: number
  readonly seconds: number
  readonly seed: number
  /** Of the machine, each minute. */
  readonly loads: readonly number[]
  /** By the kind of the request. */
  readonly counts: Readonly<Record<string, Readonly<Count>>>
  readonly total: Readonly<Count>
  /** How often an outage was the excuse, by what came back. */
  readonly excuses: Readonly<Record<string, number>>
  readonly wrong: readonly Wrong[]
  /** Refreshes of sessions at the issuer. */
  readonly refreshes: number
  /** How often an upstream was stopped. */
  readonly outages: number
  /** Denials that the log has shown to be the ones to their own requests, and errors that nothing here has caused. */
  readonly denials: { readonly proven: number; readonly unexpected: readonly string[] }
  /** Of both replicas together. */
  readonly reloads: { readonly applied: number; readonly refused: number }
  readonly replicas: readonly ReplicaResult[]
}

export interface ReplicaResult {
  readonly name: string
  readonly samples: readonly Sample[]
  /** What it has more or less than before the traffic. */
  readonly left: readonly string[]
  readonly exit: { readonly code: number | null; readonly seconds: number }
}
