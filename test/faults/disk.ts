import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { mountSmallDisk } from '../../infra/parts/small-disk.ts'
import { logout } from './endings.ts'
import { startLab } from './lab.ts'
import { isRefusedForNow, loginAnswer, readyAfter, readyStatus } from './probes.ts'
import { knownPeople, type Row, type Rows, underLoad } from './row.ts'

/** How long the disk stays full, seconds: longer than an access token lives. */
const FULL_SECONDS = 20

/** Two replicas on one machine, with their sessions in a file on a disk of its own. */
export const disk: Rows = async function* (): AsyncGenerator<Row> {
  const small = await mountSmallDisk(8)
  const file = join(small.folder, 'sessions.db')
  const lab = await startLab({
    store: `sqlite:${file}`,
    session: { cacheSeconds: 2, refreshBeforeSeconds: 2 },
    // a rotated token that was granted in the moment before the disk filled up could not be kept
    issuer: { accessTokenSeconds: 15, rotateRefreshTokens: false },
  })
  try {
    const cookies = await knownPeople(lab)
    const [leaver] = await lab.browsers(1)
    yield await underLoad(lab, cookies, {
      fault: `disk of the sqlite store full for ${FULL_SECONDS} s, tokens running out`,
      seconds: FULL_SECONDS + 6,
      async happens(expect) {
        small.fill()
        await sleep(FULL_SECONDS * 1000)
        const [login, ready] = [await loginAnswer(lab), await readyStatus(lab)]
        const left = leaver && (await logout(lab, leaver, lab.replicas[0]).catch((error: Error) => error.message))
        expect(isRefusedForNow(login), 'logins answer 503 and say when to come again')
        expect(ready === 503, '/readyz answers 503')
        expect(left?.endsWith('503') ?? false, 'a logout that cannot be stored answers 503')
        small.free()
        const after = await readyAfter(lab)
        const then = await loginAnswer(lab)
        expect(then === '200', 'a login works once there is room')
        if (leaver) await logout(lab, leaver, lab.replicas[0])
        return `login ${login}, logout 503, /readyz ${ready}; afterwards ready in ${after} ms, login ${then}, integrity_check ${integrity(file)}`
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
