import { setTimeout as sleep } from 'node:timers/promises'
import { backchannel, endAndWatch, endByAdmin, logout } from './endings.ts'
import { ask, isLoggedOut } from './load.ts'
import { loginAnswer } from './probes.ts'
import { startRedisLab } from './redis-lab.ts'
import { knownPeople, PEOPLE, type Row, type Rows, underLoad } from './row.ts'

const TOKEN_SECONDS = 12
const BEFORE_SECONDS = 2
/** The shortest that can be configured: a session lives shorter than the clocks are apart. */
const IDLE_SECONDS = 60
const LOGINS = 6
const SECONDS = IDLE_SECONDS + 12
const HEARD_MS = 1000

/** The issuer and Redis keep the right time; one replica is a minute ahead of it, the other a minute behind. */
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
        const began = performance.now()
        const [idle] = await lab.signIn(1)
        const logins: string[] = []
        for (let n = 0; n < LOGINS; n += 1) logins.push(await loginAnswer(lab))
        expect(
          logins.every((login) => login === '200'),
          'every login works, whichever replica begins and ends it',
        )
        for (const ending of [logout, endByAdmin, backchannel, backchannel])
          for (const via of lab.replicas) letIn += (await endAndWatch(lab, ending, HEARD_MS, via)).letIn
        await sleep(Math.max(0, began + (IDLE_SECONDS + 3) * 1000 - performance.now()))
        const { host } = new URL(lab.url)
        const late = await Promise.all(lab.replicas.map(({ url }) => ask(url, idle, 'GET', host)))
        expect(late.every(isLoggedOut), 'an idle session ends in both replicas after session.idleSeconds')
        return `${LOGINS} logins; logouts, administrator and back channel by either replica heard by the other`
      },
    })
    const refreshes = lab.issuer.refreshGrants - grants
    // each life of a token has one refresh, and the life that the clocks cut short one more
    const most = PEOPLE * (Math.ceil(SECONDS / (TOKEN_SECONDS - BEFORE_SECONDS)) + 2)
    const broken = refreshes <= most ? row.broken : [...row.broken, `at most ${most} refreshes`]
    const note = `${row.note}; ${refreshes} refreshes for ${PEOPLE} sessions (at most ${most})`
    yield { ...row, note, broken, letIn: row.letIn + letIn }
  } finally {
    await close()
  }
}
