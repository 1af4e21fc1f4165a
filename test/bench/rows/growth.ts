import { join } from 'node:path'
import { load } from '../load.ts'
import { named, of, rate } from '../report.ts'
import { interleave, type Series } from '../rounds.ts'
import { seedSessions } from '../seed.ts'
import { directory, gateway, type Subject } from '../subjects.ts'
import type { Stage } from './stage.ts'

interface Variant {
  readonly name: string
  readonly projects: number
  readonly groups: number
  readonly sessions: number
  /** Requests of one session before the next one's turn. */
  readonly visit?: number
}

/** A page of an application asks for some dozens of things. */
const PAGE_VIEW = 30

const BASE = { name: '10 projects, 3 groups, 1 session', projects: 10, groups: 3, sessions: 1 }
const VARIANTS: readonly Variant[] = [
  BASE,
  { ...BASE, name: '1,000 projects', projects: 1000 },
  { ...BASE, name: '10,000 projects', projects: 10_000 },
  { ...BASE, name: '1 group', groups: 1 },
  { ...BASE, name: '30 groups', groups: 30 },
  { ...BASE, name: '300 groups', groups: 300 },
  { ...BASE, name: '1,000 sessions, a page view each', sessions: 1000, visit: PAGE_VIEW },
  { ...BASE, name: '100,000 sessions, a page view each', sessions: 100_000, visit: PAGE_VIEW },
  { ...BASE, name: '100,000 sessions, one request each', sessions: 100_000, visit: 1 },
]
/** What grows, from the least on. */
const FAMILIES = [
  [BASE.name, '1,000 projects', '10,000 projects'],
  ['1 group', '30 groups', '300 groups'],
  ['1,000 sessions, a page view each', '100,000 sessions, a page view each', '100,000 sessions, one request each'],
]
/** Part of the least row's speed that a row may lose and count as flat. */
const FLAT = 0.9
const PATH = '/1k'

/** What more projects, groups and sessions cost a request. All sessions are known to the process before it is measured. */
export async function growth(stage: Stage): Promise<void> {
  const { report, rounds, seconds } = stage
  const subjects: { subject: Subject; cookies: string[] }[] = []
  const meetings: string[] = []
  for (const variant of VARIANTS) {
    const started = await startVariant(stage, variant)
    subjects.push(started)
    if (variant.sessions > 1) meetings.push(meetAll(started, variant))
  }
  const series: Series[] = VARIANTS.map(({ name }) => ({ name, rounds: [] }))
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, { cookies, subject }] of subjects.entries()) {
      const { visit = 1 } = VARIANTS[i] as Variant
      const turns = cookies.length > 1 ? { cookies, visit } : {}
      const [one] = interleave([subject], 1, { path: PATH, seconds, ...turns })
      const former = series[i] as Series
      series[i] = { name: former.name, rounds: [...former.rounds, ...(one?.rounds ?? [])] }
    }
  }
  report.compare('Growth: GET 1 KB with a session', series, BASE.name)
  for (const line of meetings) report.say(line)
  report.say()
  for (const [least, ...more] of FAMILIES) {
    for (const name of more) {
      const ratio = of(named(series, name), rate) / of(named(series, least as string), rate)
      report.target(`${name} within 10 % of ${least}`, ratio.toFixed(2), ratio >= FLAT)
    }
  }
}

async function startVariant({ issuer, upstream, keep }: Stage, variant: Variant) {
  const { name, projects, groups, sessions } = variant
  const store = `sqlite:${join(directory, `growth-${VARIANTS.indexOf(variant)}.db`)}`
  const cookies = await seedSessions(issuer.url, store, sessions, groups)
  const headers = { Cookie: cookies[0] as string }
  return { cookies, subject: await keep(gateway(issuer, upstream.url, { name, projects, store, headers })) }
}

/** Every session once, in rounds of a few seconds: read from sqlite and unsealed. */
function meetAll({ subject, cookies }: { subject: Subject; cookies: string[] }, { name }: Variant): string {
  const { url, headers, process } = subject
  const before = process.cpuSeconds()
  let met = 0
  while (met < cookies.length) met += load({ url: url + PATH, headers, seconds: 5, cookies, firstCookie: met }).requests
  const microseconds = ((process.cpuSeconds() - before) / met) * 1e6
  const resident = process.rss().toFixed(0)
  return `${name}, until each was met once: ${microseconds.toFixed(0)} µs CPU a request, then ${resident} MiB resident.`
}
