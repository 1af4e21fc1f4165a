import type { RunResult } from '../../../long-run/report/result.ts'
import type { Sample } from '../../../long-run/report/samples.ts'

/** A run in which nothing was wrong, to change one thing of. */

export const MIB = 1_048_576
export const MINUTES = 20

export const sample = (at: number, change: Partial<Sample> = {}): Sample => ({
  ...{ at, isCollected: true, cpuSeconds: 1, rss: 150 * MIB, heapTotal: 60 * MIB, heapUsed: 30 * MIB },
  ...{ external: 5 * MIB, arrayBuffers: 0 },
  ...{ resources: { TCPSocketWrap: 2 }, timers: { 1000: 3 }, loopDelay: { p50: 1, p99: 2, max: 3 } },
  descriptors: { count: 28, kinds: { 'Redis socket': 2 }, states: { ESTABLISHED: 2 } },
  ...change,
})
/** A sample every ten seconds. */
export const samples = (change: (minute: number) => Partial<Sample>) =>
  Array.from({ length: MINUTES * 6 }, (_, index) => sample(index * 10, change(index / 6)))

export const GOOD: RunResult = {
  ...{ minutes: MINUTES, seconds: MINUTES * 60, seed: 1, loads: [1], counts: {}, excuses: {}, wrong: [], outages: 1 },
  ...{ total: { right: 1, excused: 0, wrong: 0 }, refreshes: 1, denials: { proven: 1, unexpected: [] } },
  reloads: { applied: 2, refused: 0 },
  replicas: [{ name: 'replica-0', samples: samples(() => ({})), left: [], exit: { code: 0, seconds: 1 } }],
}
const [REPLICA] = GOOD.replicas
export const withReplica = (change: object) => ({ ...GOOD, replicas: [{ ...REPLICA, ...change }] }) as RunResult
