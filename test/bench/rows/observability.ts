import { join } from 'node:path'
import { freePort } from '../../../infra/parts/ports.ts'
import { type Cost, pairedCosts } from '../paired.ts'
import { LOAD_CORE, Pinned } from '../process.ts'
import { directory, type GatewayVariant, gateway, type Subject } from '../subjects.ts'
import type { Ground } from './stage.ts'

type Sections = NonNullable<GatewayVariant['sections']>

const OFF = 'all off'
const ONE_PERCENT = 'tracing, 1 %'

const metrics = { projectLabel: 'name' }
const file = (name: string, options = {}) => ({ type: 'file', path: join(directory, `${name}.jsonl`), ...options })
const audited = (sink: Record<string, unknown>) => ({ audit: { reads: 'all', sinks: [sink] } })

/** What is switched on, each by itself. The receiver accepts every export; everything that is read is recorded. */
function switches(endpoint: string): Record<string, Sections> {
  const tracing = (sampleRatio: number) => ({ endpoint, sampleRatio })
  return {
    [OFF]: {},
    'metrics by project': { observability: metrics },
    [ONE_PERCENT]: { observability: { tracing: tracing(0.01) } },
    'tracing, 100 %': { observability: { tracing: tracing(1) } },
    'audit of every request, log': audited({ type: 'log' }),
    'audit of every request, file': audited(file('plain')),
    'audit of every request, file with a chain': audited(file('chained', { chain: true })),
    'metrics by project, tracing 1 %, audit to a file with a chain': {
      observability: { ...metrics, tracing: tracing(0.01) },
      ...audited(file('all', { chain: true })),
    },
  }
}

/** Most that a sample of one in a hundred may cost. */
const MOST = 0.05
/** Slices of each subject, for each second of the rounds of other rows. */
const TURNS = 8

/** What it costs to see what happens: one gateway for each switch, in one run. */
export async function observability(stage: Ground): Promise<void> {
  const { report, issuer, upstream, rounds, seconds, keep } = stage
  const port = await freePort()
  const sink = new Pinned(LOAD_CORE, process.execPath, [join(import.meta.dirname, '..', 'sink.ts'), String(port)])
  const subjects: Subject[] = []
  try {
    await sink.answers(`http://127.0.0.1:${port}`)
    for (const [name, sections] of Object.entries(switches(`http://127.0.0.1:${port}`)))
      subjects.push(await keep(gateway(issuer, upstream.url, { name, sections })))
    const turns = Math.ceil(rounds * seconds * TURNS)
    const costs = await pairedCosts(subjects, turns, '/1k')
    report.costs('Observability: GET 1 KB with a session', costs, turns)
    const share = costs.find(({ name }) => name === ONE_PERCENT)?.share as Cost['share']
    report.target('tracing at 1 % costs at most 5 % CPU a request', `${(share * 100).toFixed(1)} %`, share <= MOST)
  } finally {
    for (const { process } of subjects) await process.stop()
    await sink.stop()
  }
}
