import { setTimeout as sleep } from 'node:timers/promises'
import type { TokenEndpoint } from '../../infra/issuer/issuer.ts'
import { ask } from './load.ts'
import { untilTrue } from './probes.ts'
import { redisOperator, startRedisLab } from './redis-lab.ts'
import { knownPeople, PEOPLE, RATE, type Row, type Rows, underLoad } from './row.ts'

const TOKEN_SECONDS = 12
/** Longer than the lease of a killed holder, in milliseconds. */
const TAKEN_OVER_WITHIN = 15_000

interface Moment {
  readonly fault: string
  readonly rotates: boolean
  readonly mayLogOut?: boolean
  readonly remark?: string
  /** What the issuer does with the refreshes of the killed process. */
  readonly meanwhile: TokenEndpoint
}

/** The process that refreshes all tokens is killed during the refresh, with active users on both replicas. */
async function* holderKilled({
  fault,
  rotates,
  meanwhile,
  mayLogOut = false,
  remark = '',
}: Moment): AsyncGenerator<Row> {
  const { lab, redis, close } = await startRedisLab({
    session: { refreshBeforeSeconds: 2, cacheSeconds: 2 },
    issuer: { accessTokenSeconds: TOKEN_SECONDS, rotateRefreshTokens: rotates },
  })
  const operator = redisOperator(redis.port)
  const leases = async () => (await operator.keys('*lease:refresh*')).length
  const [first] = lab.replicas
  try {
    const cookies = await knownPeople(lab)
    // No requests until the tokens have expired. Then all requests go to the first replica, which holds every lease.
    await sleep((TOKEN_SECONDS + 1) * 1000)
    const { tokenRequests, refreshGrants } = lab.issuer
    lab.issuer.tokenEndpoint = meanwhile
    const cut = cookies.map((cookie) => ask(first.url, cookie, 'GET', new URL(lab.url).host))
    await untilTrue(() => lab.issuer.tokenRequests - tokenRequests >= PEOPLE, 5000)
    if (typeof meanwhile === 'object' && 'respondAfterMs' in meanwhile)
      await untilTrue(() => lab.issuer.refreshGrants - refreshGrants >= PEOPLE, 5000)
    const held = await leases()
    yield await underLoad(lab, cookies, {
      ...{ fault, mayLogOut },
      mayFail: RATE,
      seconds: 18,
      async happens(expect) {
        expect(lab.issuer.tokenRequests - tokenRequests === PEOPLE, 'one refresh for each session before the kill')
        expect(held === PEOPLE, 'the killed replica holds the lease of every session')
        await first.kill()
        lab.issuer.tokenEndpoint = 'normal'
        const asked = lab.issuer.tokenRequests
        const taken = await untilTrue(() => lab.issuer.tokenRequests >= asked + PEOPLE, TAKEN_OVER_WITHIN)
        expect(taken < TAKEN_OVER_WITHIN, 'the other replica takes over every refresh')
        await first.start()
        await Promise.all(cut)
        const grants = lab.issuer.refreshGrants - refreshGrants
        return `the other replica took over after ${taken} ms; refresh grants at the issuer for ${PEOPLE} sessions: ${grants}${remark}`
      },
    })
  } finally {
    operator.disconnect()
    await close()
  }
}

/** The moments at which a holder can be killed. */
export const holders: Rows = async function* () {
  yield* holderKilled({
    fault: 'kill -9 of the replica that refreshes, before the issuer processed its requests',
    rotates: true,
    meanwhile: { delayMs: 60_000 },
  })
  yield* holderKilled({
    fault: 'kill -9 of the replica that refreshes, after the issuer granted and before it responded',
    rotates: false,
    meanwhile: { respondAfterMs: 60_000 },
  })
  yield* holderKilled({
    fault: 'the same, with an issuer that treats a refresh token used twice as stolen (RFC 9700 §4.14.2)',
    rotates: true,
    mayLogOut: true,
    remark: '; the new tokens were lost with the process, so users sign in again',
    meanwhile: { respondAfterMs: 60_000 },
  })
}
