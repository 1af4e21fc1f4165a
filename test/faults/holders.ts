import { setTimeout as sleep } from 'node:timers/promises'
import type { TokenEndpoint } from '../../infra/issuer/issuer.ts'
import { ask } from './load.ts'
import { untilTrue } from './probes.ts'
import { redisOperator, startRedisLab } from './redis-lab.ts'
import { knownPeople, PEOPLE, RATE, type Row, type Rows, UNMET, underLoad } from './row.ts'

const TOKEN_SECONDS = 12
/** Longer than a dead holder's lease, milliseconds. */
const TAKEN_OVER_WITHIN = 15_000

interface Moment {
  readonly fault: string
  readonly rotates: boolean
  readonly mayLogOut?: boolean
  readonly remark?: string
  /** What the issuer does with the refreshes whose asker is killed. */
  readonly meanwhile: TokenEndpoint
}

/** The process that refreshes everybody's tokens is killed in the middle of it, with people at work on both replicas. */
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
    // nobody asks while the tokens run out; then everybody asks the first replica alone: it holds every lease
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
      mayFail: RATE + UNMET,
      seconds: 18,
      async happens(expect) {
        expect(lab.issuer.tokenRequests - tokenRequests === PEOPLE, 'one refresh for each session before the kill')
        expect(held === PEOPLE, 'the killed replica holds the lease of every session')
        await first.kill()
        lab.issuer.tokenEndpoint = 'normal'
        const asked = lab.issuer.tokenRequests
        const taken = await untilTrue(() => lab.issuer.tokenRequests >= asked + PEOPLE, TAKEN_OVER_WITHIN)
        expect(taken < TAKEN_OVER_WITHIN, 'the other replica takes every refresh over')
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

/** The moments at which a holder can die. */
export const holders: Rows = async function* () {
  yield* holderKilled({
    fault: 'kill -9 of the replica that refreshes, before the issuer looked at its requests',
    rotates: true,
    meanwhile: { delayMs: 60_000 },
  })
  yield* holderKilled({
    fault: 'kill -9 of the replica that refreshes, after the issuer granted and before it answered',
    rotates: false,
    meanwhile: { respondAfterMs: 60_000 },
  })
  yield* holderKilled({
    fault: 'the same, where the issuer takes a refresh token used twice for stolen (RFC 9700 §4.14.2)',
    rotates: true,
    mayLogOut: true,
    remark: '; the new tokens died with the process: sign in again',
    meanwhile: { respondAfterMs: 60_000 },
  })
}
