/** One situation, and whether an alert fires in it. */
export interface Case {
  readonly alert: string
  /** Which of the rules with this name. Default: the first. */
  readonly rule?: number
  /** Completes "fires …" or "is silent …". */
  readonly when: string
  /** One sample a minute for each series, in the notation of promtool: `0+60x20`. */
  readonly series: Readonly<Record<string, string>>
  /** Minutes after the first sample. */
  readonly at: number
  /** The alert's labels beside its name and severity, and its value as its texts show it. Undefined: it does not fire. */
  readonly fires?: { readonly labels: Readonly<Record<string, string>>; readonly value?: string }
}

/** Labels of the deployment and of two of its replicas. */
export const JOB = 'modelops-gateway'
export const A = `job="${JOB}",instance="a:4181"`
export const B = `job="${JOB}",instance="b:4181"`
