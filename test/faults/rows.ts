import { setTimeout as sleep } from 'node:timers/promises'
import { type RedisServer, startRedis } from '../../infra/parts/redis.ts'
import { startSentinelGroup } from '../../infra/parts/redis-groups.ts'
import { startToxiproxy, type Toxiproxy } from '../../infra/parts/toxiproxy.ts'
import { type Lab, type LabOptions, startLab } from './lab.ts'
import { ask, putLoad, type Seen } from './load.ts'

export interface Row extends Seen {
  readonly fault: string
  /** What is beside the load: counts, statuses, times. */
  readonly note: string
  /** Requests that may fail: a process killed with requests in it loses those. */
  readonly mayFail: number
}

export interface RowOptions {
  /** Faults last as long as they are named, not a bounded part of it. */
  readonly full: boolean
}

const RATE = 30
/** Odd, so that each person meets both replicas. */
const PEOPLE = 7
/** A replica that has not met a session cannot vouch for it while the store is away: 503, and the session lives. */
const UNMET = 2 * PEOPLE

interface Fault {
  readonly fault: string
  readonly mayFail?: number
  readonly seconds: number
  /** Happens under the load; resolves to a note. */
  readonly happens: () => Promise<string>
}

async function underLoad(
  lab: Lab,
  cookies: readonly string[],
  { fault, mayFail = 0, seconds, happens }: Fault,
): Promise<Row> {
  const load = putLoad({ url: lab.url, cookies, seconds, rate: RATE })
  await sleep(1000)
  const note = await happens()
  const seen = await load
  return { fault, mayFail, ...seen, note }
}

interface RedisLab {
  readonly lab: Lab
  readonly redis: RedisServer
  readonly wire: Toxiproxy
  readonly close: () => Promise<void>
}

async function startRedisLab(options: Partial<LabOptions> = {}): Promise<RedisLab> {
  const redis = await startRedis()
  const wire = await startToxiproxy(redis.port)
  const lab = await startLab({ store: `redis://127.0.0.1:${wire.port}`, ...options })
  const close = async () => {
    await lab.close()
    await wire.close()
    await redis.close()
  }
  return { lab, redis, wire, close }
}

/** Replicas, Redis and upstream in trouble, with people at work on two replicas behind Caddy. */
export async function* outages({ full }: RowOptions): AsyncGenerator<Row> {
  const { lab, redis, wire, close } = await startRedisLab({ session: { cacheSeconds: 2 } })
  const [first, second] = lab.replicas
  try {
    const cookies = await lab.signIn(PEOPLE)
    // both replicas know everybody, as they do in any running system
    await putLoad({ url: lab.url, cookies, seconds: 2, rate: RATE })
    const during = (fault: Fault) => underLoad(lab, cookies, fault)
    yield await during({
      fault: 'rolling restart of both replicas',
      seconds: 24,
      async happens() {
        for (const replica of [first, second]) {
          await replica.drain()
          await replica.start()
          await sleep(1500)
        }
        return `requests that arrived twice: ${lab.upstream.repeated()}`
      },
    })
    yield await during({
      fault: 'kill -9 of a replica',
      mayFail: RATE,
      seconds: 10,
      async happens() {
        await first.kill()
        await sleep(2000)
        await first.start()
        return `requests that arrived twice: ${lab.upstream.repeated()}`
      },
    })
    yield await during({
      fault: 'Redis killed and started again',
      mayFail: UNMET,
      seconds: 8,
      async happens() {
        await redis.crash()
        const login = await loginStatus(lab)
        const ready = await readyStatus(lab)
        await redis.restart()
        return `while it was away: login ${login}, /readyz ${ready}; afterwards ready in ${await readyAfter(lab)} ms`
      },
    })
    yield await during({
      fault: 'Redis answers after 2 s',
      mayFail: UNMET,
      seconds: 10,
      async happens() {
        await wire.delay(2000)
        await sleep(5000)
        const login = await loginStatus(lab)
        await wire.delay(0)
        return `login ${login}; afterwards ready in ${await readyAfter(lab)} ms`
      },
    })
    const cut = full ? 30 : 8
    yield await during({
      fault: `Redis cut off for ${cut} s`,
      mayFail: UNMET,
      seconds: cut + 6,
      async happens() {
        await wire.partition(true)
        await sleep(cut * 1000)
        const login = await loginStatus(lab)
        await wire.partition(false)
        return `login ${login}; afterwards ready in ${await readyAfter(lab)} ms`
      },
    })
    yield await during({
      fault: 'upstream resets connections for 2 s',
      mayFail: 3 * RATE,
      seconds: 6,
      async happens() {
        lab.upstream.resetting = true
        await sleep(2000)
        lab.upstream.resetting = false
        return 'answered 502 while it lasted'
      },
    })
  } finally {
    await close()
  }
}

/** The issuer in trouble while tokens run out. */
export async function* refreshes({ full }: RowOptions): AsyncGenerator<Row> {
  const session = { refreshBeforeSeconds: 2, cacheSeconds: 2 }
  const { lab, close } = await startRedisLab({ session, issuer: { accessTokenSeconds: 12 } })
  try {
    const cookies = await lab.signIn(1)
    const before = lab.issuer.refreshGrants
    lab.issuer.tokenEndpoint = { delayMs: 10_000 }
    await sleep(13_000)
    const statuses = await Promise.all(Array.from({ length: 200 }, () => ask(lab.url, cookies[0])))
    const ok = statuses.filter((status) => status === 200).length
    const loggedOut = statuses.filter((status) => status === 401 || status === 302 || status === 303).length
    const grants = lab.issuer.refreshGrants - before
    const slow = {
      held: ok,
      failed: 200 - ok - loggedOut,
      loggedOut,
      letIn: 0,
      lastFailureAt: 0,
      faults: {},
      mayFail: 0,
    }
    yield {
      ...slow,
      fault: 'issuer takes 10 s to refresh an expired token, 200 requests at once',
      note: `refreshes asked for: ${grants}`,
    }
    lab.issuer.tokenEndpoint = 'reset'
    const down = full ? 60 : 20
    yield await underLoad(lab, cookies, {
      fault: `issuer’s token endpoint down for ${down} s, tokens running out`,
      seconds: down + 6,
      async happens() {
        await sleep(down * 1000)
        lab.issuer.tokenEndpoint = 'normal'
        return 'sessions go on for session.issuerGraceSeconds'
      },
    })
    lab.issuer.tokenEndpoint = { delayMs: 4000 }
    await sleep(13_000)
    const [first] = lab.replicas
    yield await underLoad(lab, cookies, {
      fault: 'a replica is killed while tokens are being refreshed',
      mayFail: RATE,
      seconds: 16,
      async happens() {
        await first.kill()
        lab.issuer.tokenEndpoint = 'normal'
        await sleep(500)
        await first.start()
        return 'a lease that was held runs out after 10 s, then the other replica takes it'
      },
    })
  } finally {
    await close()
  }
}

/** A master that dies, with sentinels watching. */
export async function* failover(): AsyncGenerator<Row> {
  const group = await startSentinelGroup()
  const lab = await startLab({ store: group.address, session: { cacheSeconds: 2 } })
  try {
    const cookies = await lab.signIn(PEOPLE)
    await putLoad({ url: lab.url, cookies, seconds: 2, rate: RATE })
    yield await underLoad(lab, cookies, {
      fault: 'Sentinel failover after kill -9 of the master',
      mayFail: UNMET,
      seconds: 14,
      async happens() {
        const former = await group.masterPort()
        await group.servers.find(({ port }) => port === former)?.crash()
        const after = await readyAfter(lab)
        const login = await loginStatus(lab)
        return `another master, ready again after ${after} ms; then a login: ${login}`
      },
    })
  } finally {
    await lab.close()
    await group.close()
  }
}

/** The status that a login ends with. */
async function loginStatus(lab: Lab): Promise<string> {
  return await lab.signIn(1).then(
    () => '200',
    (error: Error) => /\((\d{3})\)/.exec(error.message)?.[1] ?? error.message,
  )
}

const readyStatus = async ({ replicas: [first] }: Lab) => (await fetch(`http://127.0.0.1:${first.port}/readyz`)).status

/** Milliseconds until a replica says that it is ready; bounded. */
async function readyAfter(lab: Lab): Promise<number> {
  const began = performance.now()
  while ((await readyStatus(lab)) !== 200 && performance.now() - began < 20_000) await sleep(100)
  return Math.round(performance.now() - began)
}
