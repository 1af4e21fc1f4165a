import type { EmbeddedIssuer } from '../../../infra/issuer/issuer.ts'
import type { Report } from '../report.ts'
import type { Subject, Upstream } from '../subjects.ts'

/** What stands ready for every row. */
export interface Ground {
  readonly report: Report
  readonly upstream: Upstream
  readonly issuer: EmbeddedIssuer
  /** Starts one more subject and stops it at the end. */
  readonly keep: (subject: Promise<Subject>) => Promise<Subject>
  readonly seconds: number
  readonly rounds: number
  readonly minutes: number
  /** Directory of the checkout to compare with. */
  readonly against: string | undefined
}

/** With the gateway's competitors, for the rows that compare it with them. */
export interface Stage extends Ground {
  readonly nginx: Subject
  readonly caddy: Subject
  readonly oauth2Proxy: Subject
  readonly gateway: Subject
}

/** Measures, and writes what it found into the stage's report. */
export type Row<On = Stage> = (stage: On) => Promise<void> | void
