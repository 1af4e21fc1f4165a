import type { World } from './world.ts'

export const SECTIONS = {
  identity: 'Identity headers',
  paths: 'Paths',
  projects: 'Projects',
  cookies: 'Cookies',
  csrf: 'Requests of other sites',
  redirects: 'Redirects',
  direct: 'Direct reachability',
  tls: 'TLS',
  headers: 'Security headers of own pages',
  framing: 'Framing of requests',
  'forward-auth': 'Forward auth and forwarded headers',
  leaks: 'Information leaks',
} as const

export type Section = keyof typeof SECTIONS

export type Status = 'pass' | 'fail' | 'warning' | 'not run'

/** What a case found. Contains no secret and no text of a response's body. */
export interface Verdict {
  readonly status: Status
  readonly detail: string
  /** `not run` because the target did not respond as it must, not because something was not given. */
  readonly isUnanswered?: true
}

/** One harmless attack, and what the deployment must do. */
export interface Case {
  /** Stable: reports of two runs are compared by it. */
  readonly id: string
  readonly section: Section
  /** What must hold, as a sentence. */
  readonly title: string
  readonly sent: string
  readonly demanded: string
  /** Specification, requirement or weakness that it comes from. */
  readonly source: string
  readonly fix: string
  /** Why it cannot run here. Undefined: it can. */
  readonly missing?: (world: World) => string | undefined
  run(world: World): Promise<Verdict>
}

export interface Result {
  readonly case: Omit<Case, 'run' | 'missing'>
  readonly verdict: Verdict
}

export const pass = (detail: string): Verdict => ({ status: 'pass', detail })
export const fail = (detail: string): Verdict => ({ status: 'fail', detail })
export const warning = (detail: string): Verdict => ({ status: 'warning', detail })
export const notRun = (detail: string): Verdict => ({ status: 'not run', detail })
export const unanswered = (detail: string): Verdict => ({ status: 'not run', detail, isUnanswered: true })

const SEVERITY: Readonly<Record<Status, number>> = { pass: 0, warning: 1, 'not run': 2, fail: 3 }

/** The worst verdict; of equals the first. A case with no verdict at all has not run. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  const [first, ...rest] = verdicts
  if (first === undefined) return notRun('nothing was sent')
  return rest.reduce((found, each) => (SEVERITY[each.status] > SEVERITY[found.status] ? each : found), first)
}
