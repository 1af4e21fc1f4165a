import { setTimeout as sleep } from 'node:timers/promises'
import type { Outages } from '../oracle/outages.ts'
import type { Random } from '../random.ts'
import type { Replica } from '../world/replica.ts'
import type { UpstreamProcess } from '../world/upstream-process.ts'

export interface Disturbed {
  readonly random: Random
  readonly outages: Outages
  readonly replicas: readonly Replica[]
  readonly upstreams: readonly UpstreamProcess[]
}

/** Every fourth reload is of a file that is not valid: the current configuration must stay. */
export async function reload({ random, replicas }: Disturbed): Promise<void> {
  const variant =
    random.next() < 0.25
      ? 'invalid'
      : { connectSeconds: random.between(4, 6), title: random.pick(['Notes', 'Notebooks', 'Papers']) }
  for (const replica of replicas) replica.reload(variant)
}

/** How long an upstream is missing, in ms. */
const MISSING_MS = 300

/** Kills an upstream in the middle of whatever it does, and starts it again. */
export async function restartUpstream({ random, outages, upstreams }: Disturbed): Promise<void> {
  const upstream = random.pick(upstreams)
  const end = outages.begin(upstream.name, performance.now())
  await upstream.kill()
  await sleep(MISSING_MS)
  await upstream.start()
  end(performance.now())
}
