/** What the probe in a replica says about its process. Sizes in bytes, times in ms. */
export interface Readings {
  /** Processor time since the start. */
  readonly cpuSeconds: number
  readonly rss: number
  /** Pages that V8 has, used or not. */
  readonly heapTotal: number
  readonly heapUsed: number
  readonly external: number
  readonly arrayBuffers: number
  /** Kinds of what keeps the event loop alive, with their number. */
  readonly resources: Readonly<Record<string, number>>
  /** Waiting timers by their duration. */
  readonly timers: Readonly<Record<string, number>>
  /** How late the event loop was since the last reading. */
  readonly loopDelay: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** `plant`: the faults on purpose begin. */
export type ProbeRequest = 'read' | 'collect-and-read' | 'plant'

/** Faults that the probe causes on purpose, to show that the run finds them. */
export type ProbePlant = 'descriptor-leak' | 'timer-leak' | 'memory-leak'
export const PROBE_PLANTS: readonly ProbePlant[] = ['descriptor-leak', 'timer-leak', 'memory-leak']
