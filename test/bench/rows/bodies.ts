import { transfer } from '../load.ts'
import { median } from '../rounds.ts'
import type { Subject } from '../subjects.ts'
import type { Stage } from './stage.ts'

interface Transfers {
  readonly name: string
  readonly seconds: number[]
  readonly cpuSeconds: number[]
  /** MiB, the largest of all transfers. */
  growth: number
}

/** 1 GiB down and up through curl, and what it does to the subject's memory. */
export function bigBodies(stage: Stage): void {
  const { report, nginx, oauth2Proxy, gateway } = stage
  report.heading('1 GiB, one transfer at a time')
  const rows: string[][] = []
  for (const direction of ['download', 'upload'] as const) {
    const all = transfers(stage, [nginx, oauth2Proxy, gateway], direction)
    const unit = median(all[0]?.seconds ?? [])
    for (const one of all) {
      const took = median(one.seconds)
      const share = (unit / took).toFixed(2)
      rows.push([one.name, direction, took.toFixed(2), share, median(one.cpuSeconds).toFixed(2), one.growth.toFixed(0)])
      if (one.name !== gateway.name) continue
      report.target(
        `1 GiB ${direction} at least 0.9 times ${nginx.name}, resident memory growing less than 64 MiB`,
        `${share} times, ${one.growth.toFixed(0)} MiB`,
        unit / took >= 0.9 && one.growth < 64,
      )
    }
  }
  report.table(
    ['subject', 'direction', 'seconds, median', 'speed as share of nginx', 'CPU, s', 'RSS growth, MiB'],
    rows,
  )
}

function transfers({ rounds, upstream }: Stage, subjects: readonly Subject[], direction: string): Transfers[] {
  const all = subjects.map(({ name }) => ({ name, seconds: [] as number[], cpuSeconds: [] as number[], growth: 0 }))
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, { url, headers, process }] of subjects.entries()) {
      const one = all[i] as Transfers
      const [rss, cpu] = [process.rss(), process.cpuSeconds()]
      const { seconds } =
        direction === 'download' ? transfer(`${url}/1g`, headers) : transfer(`${url}/up`, headers, upstream.bigFile)
      one.seconds.push(seconds)
      one.cpuSeconds.push(process.cpuSeconds() - cpu)
      one.growth = Math.max(one.growth, process.rss() - rss)
    }
  }
  return all
}
