import { join } from 'node:path'
import { freePort } from '../../../infra/parts/ports.ts'
import { LOAD_CORE, Pinned } from '../process.ts'
import { cpu, named } from '../report.ts'
import { interleave, median, type Series } from '../rounds.ts'
import { type GatewayVariant, gateway, type Subject } from '../subjects.ts'
import type { Stage } from './stage.ts'

type Sections = NonNullable<GatewayVariant['sections']>

const OFF = 'nothing more'

/** What is switched on beside the metrics, each by itself. The receiver accepts every export. */
const switches = (collector: string): Record<string, Sections> => ({
  [OFF]: {},
  'tracing, 1 %': { observability: { tracing: { endpoint: collector, sampleRatio: 0.01 } } },
  'tracing, 100 %': { observability: { tracing: { endpoint: collector, sampleRatio: 1 } } },
  'audit line of every request': { log: { requests: 'all' } },
})

/** Most that a sample of one in a hundred may cost. */
const MOST = 0.05

/** What it costs to see what happens: one gateway for each switch, in one run. */
export async function observability(stage: Stage): Promise<void> {
  const { report, issuer, upstream, rounds, seconds, keep } = stage
  const port = await freePort()
  const sink = new Pinned(LOAD_CORE, process.execPath, [join(import.meta.dirname, '..', 'sink.ts'), String(port)])
  const subjects: Subject[] = []
  try {
    await sink.answers(`http://127.0.0.1:${port}`)
    for (const [name, sections] of Object.entries(switches(`http://127.0.0.1:${port}`)))
      subjects.push(await keep(gateway(issuer, upstream.url, { name, sections })))
    const series = interleave(subjects, rounds, { path: '/1k', seconds })
    report.compare('Observability: GET 1 KB with a session', series, OFF)
    for (const { name } of subjects.slice(1))
      report.say(`${name}: ${percent(costOf(series, name))} more CPU a request than with ${OFF}, paired by round.`)
    report.say()
    const cost = costOf(series, 'tracing, 1 %')
    report.target('tracing at 1 % costs at most 5 % CPU a request', percent(cost), cost <= MOST)
  } finally {
    for (const { process } of subjects) await process.stop()
    await sink.stop()
  }
}

/** Of each pair of rounds that ran one after the other: what disturbs the machine disturbs both. */
function costOf(series: readonly Series[], name: string): number {
  const base = named(series, OFF).rounds
  return median(named(series, name).rounds.map((round, i) => cpu(round) / cpu(base[i] as typeof round) - 1))
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
