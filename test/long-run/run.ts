import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Oracle } from './oracle/oracle.ts'
import { Random } from './random.ts'
import { type Rest, restOf, returnsToRest } from './report/rest.ts'
import type { RunResult } from './report/result.ts'
import { type Sample, sampleOf } from './report/samples.ts'
import { sessionOf, type TokenHolder, tokenHolders } from './traffic/callers.ts'
import { compose } from './traffic/compose.ts'
import { DenialLog } from './traffic/denial-log.ts'
import { reload, restartUpstream } from './traffic/disturbances.ts'
import { repeat, runLanes } from './traffic/lanes.ts'
import { readEcho, send } from './traffic/send.ts'
import { type Caller, type Entrance, entranceTo, type Stage } from './traffic/stage.ts'
import { FIRST_VARIANT, ROUTES, USERS } from './world/settings.ts'
import { type Plant, startWorld, type World } from './world/world.ts'

export interface RunOptions {
  readonly minutes: number
  readonly seed: number
  readonly plants?: readonly Plant[]
  readonly say?: (line: string) => void
}

/** How often replicas are measured, and which of the measurements are taken after a collection. */
const SAMPLING = { long: { ms: 5000, collectEvery: 6 }, short: { ms: 1000, collectEvery: 3 } }
const SHORT_MINUTES = 10
const RELOAD_PAUSE_MS = 15_000
const RESTART_PAUSE_MS = 20_000
const SESSIONS = 12

export async function longRun({ minutes, seed, plants = [], say = () => {} }: RunOptions): Promise<RunResult> {
  const world = await startWorld(plants)
  try {
    return await inWorld(world, { minutes, seed, say })
  } finally {
    await world.close()
  }
}

type InWorld = Required<Omit<RunOptions, 'plants'>>

async function inWorld(world: World, { minutes, seed, say }: InWorld): Promise<RunResult> {
  const { replicas, issuer } = world
  const [random, oracle, ending] = [new Random(seed), new Oracle(), new AbortController()]
  const sessions = await Promise.all(USERS.slice(0, SESSIONS).map(({ username }) => sessionOf(world.url, username)))
  const holders = tokenHolders(
    issuer.url,
    USERS.slice(0, 3).map(({ username }) => username),
  )
  await Promise.all(holders.map((holder) => holder.renewIfNeeded()))
  const denials = new DenialLog(
    replicas.map(({ logFile }) => logFile),
    oracle,
  )
  const stage: Stage = {
    ...{ random, oracle, denials, sessions, bearers: holders, end: ending.signal },
    entrances: [entranceTo('caddy', world.url), ...replicas.map(({ name, url }) => entranceTo(name, url))],
    publicUrl: new URL(world.url),
  }
  const before = await beforeTraffic(stage, world)
  say(`before the traffic: ${before.map(({ descriptors }) => `${descriptors.count} descriptors`).join(', ')}`)
  await renewAll(holders)
  await Promise.all(replicas.map(({ probe }) => probe.ask('plant')))
  const startedAt = performance.now()
  const timer = setTimeout(() => ending.abort(), minutes * 60_000)
  const samples = replicas.map((): Sample[] => [])
  const loads = [loadavg()[0] ?? 0]
  const sampling = minutes < SHORT_MINUTES ? SAMPLING.short : SAMPLING.long
  const disturbed = { random, outages: oracle.outages, ...world }
  try {
    await Promise.all([
      runLanes(stage),
      repeat(stage, RELOAD_PAUSE_MS, () => reload(disturbed)),
      repeat(stage, RESTART_PAUSE_MS, () => restartUpstream(disturbed)),
      every(ending.signal, 1000, () => renewAll(holders)),
      every(ending.signal, sampling.ms, async (round) => {
        denials.follow()
        const collect = round % sampling.collectEvery === 0
        const taken = await Promise.all(replicas.map((replica) => sampleOf(replica, startedAt, collect)))
        for (const [index, sample] of taken.entries()) samples[index]?.push(sample)
      }),
      every(ending.signal, 60_000, async () => {
        loads.push(loadavg()[0] ?? 0)
        const { right, excused, wrong } = oracle.total
        const memory = samples.map((each) => `${Math.round((each.at(-1)?.rss ?? 0) / 1_048_576)} MiB`).join(' and ')
        say(`${right} right, ${excused} excused, ${wrong} wrong; ${memory}; load ${loads.at(-1)?.toFixed(1)}`)
      }),
    ])
  } finally {
    clearTimeout(timer)
    ending.abort()
  }
  const seconds = (performance.now() - startedAt) / 1000
  say('the traffic has ended')
  const left = await afterTraffic(stage, world, before)
  const exits = await Promise.all(replicas.map((replica) => replica.terminate()))
  denials.end()
  const { counts, excuses, wrong, outages } = oracle
  const { proven, reloaded, refused, unexpected } = denials
  return {
    ...{ minutes, seconds, seed, loads, counts, excuses, wrong, total: oracle.total, outages: outages.count },
    refreshes: issuer.refreshGrants - holders.reduce((sum, { refreshes }) => sum + refreshes, 0),
    denials: { proven, unexpected },
    reloads: { applied: reloaded, refused },
    replicas: replicas.map(({ name }, index) => ({
      name,
      samples: samples[index] ?? [],
      left: left[index] ?? [],
      exit: exits[index] ?? { code: null, seconds: 0 },
    })),
  }
}

/** Each part is used once, so that what is opened once is not taken for a leak. */
async function beforeTraffic(stage: Stage, { replicas }: World): Promise<Rest[]> {
  const { entrances, sessions, bearers, oracle } = stage
  for (const entrance of entrances)
    for (const route of ROUTES)
      for (const caller of [sessions[0], bearers[0]] as Caller[]) {
        const composed = compose(stage, { kind: 'first requests', entrance, route, caller })
        oracle.check(composed.expected, await send(composed, readEcho))
      }
  leave(entrances)
  return await Promise.all(replicas.map(restOf))
}

const leave = (entrances: readonly Entrance[]) => {
  for (const { agent } of entrances) agent.destroy()
}

/** All clients leave, Caddy too. Then each replica must have what it had before, with the configuration from before. */
async function afterTraffic({ entrances }: Stage, { replicas, caddy }: World, before: readonly Rest[]) {
  leave(entrances)
  await caddy.close()
  for (const replica of replicas) replica.reload(FIRST_VARIANT)
  return Promise.all(replicas.map((replica, index) => returnsToRest(replica, before[index] as Rest)))
}

const renewAll = async (holders: readonly TokenHolder[]): Promise<void> => {
  await Promise.all(holders.map((holder) => holder.renewIfNeeded()))
}

async function every(end: AbortSignal, ms: number, work: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; ; round += 1) {
    await sleep(ms, undefined, { signal: end }).catch(() => undefined)
    if (end.aborted) return
    await work(round)
  }
}
