import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkout } from '../../../infra/parts/directories.ts'
import { run } from '../../../infra/parts/run.ts'
import { gateway, oauth2Proxy } from '../subjects.ts'
import { ensureOauth2Proxy } from '../tools.ts'
import type { Stage } from './stage.ts'

const SESSIONS = 100_000
const SETTLED_MS = 5000

/** Resident memory of a process that has just started and seen one login, and what sessions add to it. */
export async function memory({ report, issuer, upstream, keep }: Stage): Promise<void> {
  const fresh = [
    await keep(oauth2Proxy(await ensureOauth2Proxy(), issuer, upstream.url)),
    await keep(gateway(issuer, upstream.url)),
  ]
  await sleep(SETTLED_MS)
  report.heading('Memory')
  report.table(
    ['subject', 'RSS after start and one login, MiB'],
    fresh.map(({ name, process }) => [name, process.rss().toFixed(0)]),
  )
  const seed = join(checkout, 'test/bench/seed.ts')
  const options = ['--expose-gc', '--disable-warning=ExperimentalWarning']
  const { tail } = await run(process.execPath, [...options, seed, String(SESSIONS)])
  const { mebibytes } = JSON.parse(tail.split('\n').at(-1) ?? '') as { mebibytes: number }
  report.say(
    `${SESSIONS.toLocaleString('en')} sessions of 2 KB tokens in the memory store: ${mebibytes.toFixed(0)} MiB more.`,
  )
  report.say()
}
