import { setTimeout as sleep } from 'node:timers/promises'
import { backchannel, endAndWatch, endByAdmin, logout } from './endings.ts'
import { ask, isLoggedOut } from './load.ts'
import { loginResult } from './probes.ts'
import { startRedisLab } from './redis-lab.ts'
import { knownPeople, PEOPLE, type Row, type Rows, underLoad } from './row.ts'

const TOKEN_SECONDS = 12
const BEFORE_SECONDS = 2
/** The shortest configurable limit: shorter than the difference of the clocks. */
const IDLE_SECONDS = 60
const LOGINS = 6
const SECONDS = IDLE_SECONDS + 12
const NOTIFIED_MS = 1000

/** The issuer and Redis have the correct time. One replica is a minute ahead, the other a minute behind. */
export const clocks: Rows = async function* (): AsyncGenerator<Row> {
  const session = { cacheSeconds: 2, refreshBeforeSeconds: BEFORE_SECONDS, idleSeconds: IDLE_SECONDS }
  const issuer = { accessTokenSeconds: TOKEN_SECONDS }
  const { lab, close } = await startRedisLab({ session, issuer, clocksAhead: [60, -60] })
  try {
    const cookies = await knownPeople(lab)
    const grants = lab.issuer.refreshGrants
    let letIn = 0
    const row = await underLoad(lab, cookies, {
      fault: 'one replica’s clock is 60 s ahead, the other’s 60 s behind',
      seconds: SECONDS,
      async happens(expect) {
        const startedAt = performance.now()
        const [idle] = await lab.signIn(1)
        const logins: string[] = []
        for (let n = 0; n < LOGINS; n += 1) logins.push(await loginResult(lab))
        expect(
          logins.every((login) => login === '200'),
          'every sign-in works, whichever replica starts and completes it',
        )
        for (const ending of [logout, endByAdmin, backchannel, backchannel])
          for (const via of lab.replicas) letIn += (await endAndWatch(lab, ending, NOTIFIED_MS, via)).letIn
        await sleep(Math.max(0, startedAt + (IDLE_SECONDS + 3) * 1000 - performance.now()))
        const { host } = new URL(lab.url)
        const late = await Promise.all(lab.replicas.map(({ url }) => ask(url, idle, 'GET', host)))
        expect(late.every(isLoggedOut), 'an idle session ends in both replicas after session.idleSeconds')
        return `${LOGINS} sign-ins; each replica was notified of the sign-outs, administrator and back-channel requests at the other`
      },
    })
    const refreshes = lab.issuer.refreshGrants - grants
    // One refresh for each token, and one more for the token whose lifetime the clocks shorten.
    const most = PEOPLE * (Math.ceil(SECONDS / (TOKEN_SECONDS - BEFORE_SECONDS)) + 2)
    const broken = refreshes <= most ? row.broken : [...row.broken, `at most ${most} refreshes`]
    const note = `${row.note}; ${refreshes} refreshes for ${PEOPLE} sessions (at most ${most})`
    yield { ...row, note, broken, letIn: row.letIn + letIn }
  } finally {
    await close()
  }
}
