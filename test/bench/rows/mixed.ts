import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkout } from '../../../infra/parts/directories.ts'
import { drawLine } from '../line-chart.ts'
import { loadBeside, transferBeside } from '../load.ts'
import { gateway, logIn, type Subject } from '../subjects.ts'
import type { Stage } from './stage.ts'

const SAMPLE_MS = 2000
/** The collector makes a saw of it: the teeth of the second half may be higher than those of the first by this, MiB. */
const STEADY = 16
const PICTURE = 'docs/pictures/memory-mixed-load.svg'

/** Small and big answers, uploads, downloads and logins at once, for minutes: what becomes of the memory. */
export async function mixedLoad(stage: Stage): Promise<void> {
  const { report, issuer, upstream, minutes, keep } = stage
  const subject = await keep(gateway(issuer, upstream.url, { name: 'mixed load' }))
  const until = performance.now() + minutes * 60_000
  const resident: number[] = []
  const sampling = repeat(until, async () => {
    resident.push(subject.process.rss())
    await sleep(SAMPLE_MS)
  })
  const before = subject.process.cpuSeconds()
  const [small, big, down, up, signedIn] = await Promise.all([
    requests(subject, '/1k', 2000, minutes),
    requests(subject, '/100k', 100, minutes),
    repeat(until, () => transferBeside(`${subject.url}/1g`, subject.headers)),
    repeat(until, () => transferBeside(`${subject.url}/up`, subject.headers, upstream.bigFile)),
    repeat(until, () => logIn(subject.url, subject.cookieName).then(() => sleep(1000))),
    sampling,
  ])
  const cpuShare = (subject.process.cpuSeconds() - before) / (minutes * 60)
  report.heading(`Mixed load of ${minutes} minutes`)
  report.say(
    `${small} requests of 1 KB, ${big} of 100 KB, ${down} downloads and ${up} uploads of 1 GiB, ${signedIn} logins; ` +
      `${Math.round(cpuShare * 100)} % of the core.`,
  )
  const middle = resident.length >> 1
  const [early, late] = [resident.slice(0, middle), resident.slice(middle)].map((half) => Math.max(...half)) as [
    number,
    number,
  ]
  report.say(
    `Resident memory: ${resident[0]?.toFixed(0)} MiB at the start, at most ${early.toFixed(0)} in the first half and ` +
      `${late.toFixed(0)} in the second ([over time](${PICTURE.replace('docs/', '')})).`,
  )
  report.say()
  drawLine(join(checkout, PICTURE), resident, {
    title: `Resident memory under mixed load, MiB, ${minutes} minutes`,
    last: `${minutes} min`,
  })
  report.target(
    `resident memory steady under mixed load (peak of the second half less than ${STEADY} MiB above the first half’s)`,
    `${(late - early).toFixed(0)} MiB`,
    late - early < STEADY,
  )
}

async function requests({ url, headers }: Subject, path: string, rate: number, minutes: number): Promise<number> {
  const what = { url: url + path, headers, seconds: minutes * 60, connections: 16, rate }
  return (await loadBeside(what)).requests
}

/** Resolves to how often it was done. */
async function repeat(until: number, work: () => Promise<unknown>): Promise<number> {
  let times = 0
  for (; performance.now() < until; times += 1) await work()
  return times
}
