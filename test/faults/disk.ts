import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { mountSmallDisk } from '../../infra/parts/small-disk.ts'
import { logout } from './endings.ts'
import { startLab } from './lab.ts'
import { isTemporaryDenial, loginResult, readyAfter, readyStatus } from './probes.ts'
import { knownPeople, type Row, type Rows, underLoad } from './row.ts'

/** How long the disk stays full, in seconds: longer than the lifetime of an access token. */
const FULL_SECONDS = 20

/** Two replicas on one machine, with their sessions in a file on a separate disk. */
export const disk: Rows = async function* (): AsyncGenerator<Row> {
  const small = await mountSmallDisk(8)
  const file = join(small.folder, 'sessions.db')
  const lab = await startLab({
    store: `sqlite:${file}`,
    session: { cacheSeconds: 2, refreshBeforeSeconds: 2 },
    // A rotated token that was granted just before the disk was full could not be stored.
    issuer: { accessTokenSeconds: 15, rotateRefreshTokens: false },
  })
  try {
    const cookies = await knownPeople(lab)
    const [leaver] = await lab.browsers(1)
    yield await underLoad(lab, cookies, {
      fault: `disk of the sqlite store full for ${FULL_SECONDS} s, with expiring tokens`,
      seconds: FULL_SECONDS + 6,
      async happens(expect) {
        small.fill()
        await sleep(FULL_SECONDS * 1000)
        const [login, ready] = [await loginResult(lab), await readyStatus(lab)]
        const left = leaver && (await logout(lab, leaver, lab.replicas[0]).catch((error: Error) => error.message))
        expect(isTemporaryDenial(login), 'sign-ins return 503 with Retry-After')
        expect(ready === 503, '/readyz returns 503')
        expect(left?.endsWith('503') ?? false, 'a sign-out that cannot be stored returns 503')
        small.free()
        const after = await readyAfter(lab)
        const then = await loginResult(lab)
        expect(then === '200', 'a sign-in works once there is space')
        if (leaver) await logout(lab, leaver, lab.replicas[0])
        return `sign-in ${login}, sign-out 503, /readyz ${ready}; afterwards ready in ${after} ms, sign-in ${then}, integrity_check ${integrity(file)}`
      },
    })
  } finally {
    await lab.close()
    small.close()
  }
}

function integrity(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true })
  const result = String(db.prepare('PRAGMA integrity_check').get()?.integrity_check)
  db.close()
  return result
}
