import { join } from 'node:path'
import { Quota } from '../quota.ts'
import { named, of, rate } from '../report.ts'
import { interleave } from '../rounds.ts'
import { seedSessions } from '../seed.ts'
import { directory, gateway, type Subject } from '../subjects.ts'
import type { Stage } from './stage.ts'

/** What each worker may use of a core: two of them and the load then fit on two cores, and none waits for another. */
const SHARE = 0.4

/**
 * One and two workers under the same load. Two cores are too few to give each worker one and the load another, so each
 * worker gets the same share of a core instead, kept by the kernel: what two do beside one is then theirs alone.
 */
export async function workers(stage: Stage): Promise<void> {
  const { report, issuer, upstream, rounds, seconds, keep } = stage
  const store = `sqlite:${join(directory, 'workers.db')}`
  const [cookie = ''] = await seedSessions(issuer.url, store, 1, 3)
  const variant = (count: number) => ({
    name: `${count} worker${count > 1 ? 's' : ''}`,
    workers: count,
    store,
    headers: { Cookie: cookie },
  })
  const both: Subject[] = []
  for (const count of [1, 2]) both.push(await keep(gateway(issuer, upstream.url, variant(count))))
  const quotas = both.flatMap(({ process }) => process.workers().map((pid) => new Quota(pid, SHARE)))
  const series = interleave(both, rounds, { path: '/1k', seconds, connections: 64 })
  report.compare(`Workers: GET 1 KB with a session, ${SHARE * 100} % of a core for each worker`, series, '1 worker')
  const ratio = of(named(series, '2 workers'), rate) / of(named(series, '1 worker'), rate)
  report.target('two workers at least 1.8 times one', `${ratio.toFixed(2)} times`, ratio >= 1.8)
  for (const { process } of both) await process.stop()
  for (const quota of quotas) quota.remove()
}
