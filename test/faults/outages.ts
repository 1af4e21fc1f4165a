import { setTimeout as sleep } from 'node:timers/promises'
import { balanced, isTemporaryDenial, loginResult, readyAfter, readyStatus } from './probes.ts'
import { startRedisLab } from './redis-lab.ts'
import { type Fault, knowEverywhere, knownPeople, RATE, type Row, underLoad } from './row.ts'

/** How long Redis is disconnected, in seconds. */
const CUT = 30

/** Failures of replicas, Redis and upstream, with active users on two replicas behind Caddy. */
export async function* outages(): AsyncGenerator<Row> {
  const { lab, redis, wire, close } = await startRedisLab({
    session: { cacheSeconds: 2 },
    // No refresh during the rows: the other replica reads a refreshed session again, which it cannot during an outage.
    issuer: { accessTokenSeconds: 3600 },
  })
  const [first, second] = lab.replicas
  const once = () => `requests received twice: ${lab.upstream.repeated()}`
  try {
    const cookies = await knownPeople(lab)
    const during = async (fault: Fault) => {
      await knowEverywhere(lab, cookies)
      return await underLoad(lab, cookies, fault)
    }
    yield await during({
      fault: 'rolling restart of both replicas',
      seconds: 24,
      async happens() {
        for (const replica of [first, second]) {
          await replica.drain()
          await replica.start()
          await balanced(lab, replica)
        }
        return once()
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
        await balanced(lab, first)
        return once()
      },
    })
    yield await during({
      fault: 'Redis killed and restarted',
      seconds: 8,
      async happens(expect) {
        await redis.crash()
        const [login, ready] = [await loginResult(lab), await readyStatus(lab)]
        expect(isTemporaryDenial(login) && ready === 503, 'sign-ins and /readyz return 503 while Redis is down')
        await redis.restart()
        return `while it was down: sign-in ${login}, /readyz ${ready}; afterwards ready in ${await readyAfter(lab)} ms`
      },
    })
    yield await during({
      fault: 'Redis responds after 2 s',
      seconds: 10,
      async happens(expect) {
        await wire.delay(2000)
        await sleep(5000)
        const login = await loginResult(lab)
        expect(isTemporaryDenial(login), 'sign-ins return 503 while Redis is slow')
        await wire.delay(0)
        return `sign-in ${login}; afterwards ready in ${await readyAfter(lab)} ms`
      },
    })
    yield await during({
      fault: `Redis disconnected for ${CUT} s`,
      seconds: CUT + 6,
      async happens(expect) {
        await wire.partition(true)
        await sleep(CUT * 1000)
        const login = await loginResult(lab)
        expect(isTemporaryDenial(login), 'sign-ins return 503 while Redis is disconnected')
        await wire.partition(false)
        return `sign-in ${login}; afterwards ready in ${await readyAfter(lab)} ms`
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
        return 'status 502 during the failure'
      },
    })
  } finally {
    await close()
  }
}
