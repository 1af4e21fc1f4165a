import { setTimeout as sleep } from 'node:timers/promises'
import { ask, isLoggedOut } from './load.ts'
import { startRedisLab } from './redis-lab.ts'
import { type Row, underLoad } from './row.ts'

const TOKEN_SECONDS = 12
/** How long the token endpoint is down, in seconds: the lifetime of several tokens. */
const DOWN = 60
const AT_ONCE = 200

/** Failures of the issuer while tokens expire. */
export async function* refreshes(): AsyncGenerator<Row> {
  const session = { refreshBeforeSeconds: 2, cacheSeconds: 2 }
  const { lab, close } = await startRedisLab({ session, issuer: { accessTokenSeconds: TOKEN_SECONDS } })
  try {
    const cookies = await lab.signIn(1)
    const before = lab.issuer.refreshGrants
    lab.issuer.tokenEndpoint = { delayMs: 10_000 }
    await sleep((TOKEN_SECONDS + 1) * 1000)
    const statuses = await Promise.all(Array.from({ length: AT_ONCE }, () => ask(lab.url, cookies[0])))
    const held = statuses.filter((status) => status === 200).length
    const loggedOut = statuses.filter(isLoggedOut).length
    const grants = lab.issuer.refreshGrants - before
    yield {
      fault: `issuer takes 10 s to refresh an expired token, ${AT_ONCE} requests at once`,
      ...{ held, loggedOut, failed: AT_ONCE - held - loggedOut, letIn: 0, lastFailureAt: 0, faults: {} },
      ...{ mayFail: 0, mayLogOut: false, broken: grants === 1 ? [] : ['one refresh for all'] },
      note: `refresh grants: ${grants}`,
    }
    lab.issuer.tokenEndpoint = 'reset'
    yield await underLoad(lab, cookies, {
      fault: `issuer’s token endpoint down for ${DOWN} s, with expiring tokens`,
      seconds: DOWN + 6,
      async happens() {
        await sleep(DOWN * 1000)
        lab.issuer.tokenEndpoint = 'normal'
        return 'sessions continue for session.issuerGraceSeconds'
      },
    })
  } finally {
    await close()
  }
}
