import type { TierResult } from './run-tier.ts'

type Times = Pick<TierResult, 'name' | 'ok' | 'seconds' | 'cpuSeconds'>

/**
 * Where the time went: a line for each tier, the longest first, and one for the whole.
 * @param seconds what the whole took. Tiers in lanes overlap, so it is less than the sum.
 */
export function tableOf(tiers: readonly Times[], seconds: number): string {
  const byTime = [...tiers].sort((a, b) => b.seconds - a.seconds)
  const cpu = tiers.reduce((sum, { cpuSeconds = 0 }) => sum + cpuSeconds, 0)
  return [
    line('', 'tier', 'seconds', 'CPU seconds'),
    ...byTime.map(({ name, ok, ...each }) =>
      line(ok ? 'passed' : 'FAILED', name, each.seconds.toFixed(0), each.cpuSeconds?.toFixed(0) ?? '-'),
    ),
    line(tiers.every(({ ok }) => ok) ? 'passed' : 'FAILED', 'all', seconds.toFixed(0), cpu.toFixed(0)),
  ].join('\n')
}

const line = (outcome: string, name: string, seconds: string, cpuSeconds: string) =>
  `${outcome.padEnd(7)} ${name.padEnd(14)} ${seconds.padStart(8)} ${cpuSeconds.padStart(12)}`
