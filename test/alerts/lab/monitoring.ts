import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Prometheus, startPrometheus } from '../../../infra/parts/prometheus.ts'
import { scaledRules } from './scaled-rules.ts'

export type Labels = Readonly<Record<string, string>>

/** An alert as Prometheus reports it. */
interface ActiveAlert {
  readonly labels: Labels
  readonly annotations: Labels
  readonly state: 'pending' | 'firing'
}

/** A deployment that Prometheus scrapes under this job. */
export interface Scraped {
  readonly job: string
  readonly targets: readonly string[]
  /** A file that Prometheus reads for the targets instead, again whenever it changes. */
  readonly discovery?: string
}

/** One row of the report: how long after the fault, and after its repair. */
export interface Seen {
  readonly alert: string
  readonly job: string
  firedAfterMs: number
  resolvedAfterMs?: number
}

const LONGEST_MS = 90_000

/** A real Prometheus that scrapes every second and evaluates the scaled rules. */
export class Monitoring {
  readonly seen: Seen[] = []
  readonly #prometheus: Prometheus

  private constructor(prometheus: Prometheus) {
    this.#prometheus = prometheus
  }

  static async start(scraped: readonly Scraped[]): Promise<Monitoring> {
    const configuration = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '500ms' },
      rule_files: ['rules.yaml'],
      scrape_configs: scraped.map(({ job, targets, discovery }) => ({
        job_name: job,
        ...(discovery === undefined
          ? { static_configs: [{ targets }] }
          : { file_sd_configs: [{ files: [discovery], refresh_interval: '1s' }] }),
      })),
    }
    const files = { 'prometheus.yml': JSON.stringify(configuration), 'rules.yaml': scaledRules() }
    return new Monitoring(await startPrometheus(files))
  }

  /** Waits until the alert fires. @param job Empty: for none @param labels Labels that it must have beside */
  async fires(alert: string, job: string, labels: Labels = {}): Promise<void> {
    const startedAt = performance.now()
    const found = await this.#until(`${alert} fires for ${job} ${JSON.stringify(labels)}`, (active) =>
      matching(active, alert, job, labels),
    )
    assert.ok(found.annotations.summary && !found.annotations.summary.includes('<no value>'), alert)
    this.seen.push({ alert, job, firedAfterMs: performance.now() - startedAt })
  }

  /** Waits until the alert is gone for this job, with whatever labels. */
  async resolves(alert: string, job: string): Promise<void> {
    const startedAt = performance.now()
    await this.#until(`${alert} resolves for ${job}`, (active) => !matching(active, alert, job, {}))
    for (const row of this.seen) {
      if (row.alert === alert && row.job === job) row.resolvedAfterMs ??= performance.now() - startedAt
    }
  }

  /** The values of an instant query. @throws Error with Prometheus' message for a query that is not valid */
  async query(expr: string): Promise<readonly { readonly metric: Labels; readonly value: [number, string] }[]> {
    const { result } = (await this.#get(`query?${new URLSearchParams({ query: expr })}`)) as { result: [] }
    return result
  }

  /** Waits until a query has a result. */
  async settled(expr: string): Promise<void> {
    const end = performance.now() + LONGEST_MS
    while ((await this.query(expr)).length === 0) {
      if (performance.now() > end) throw new Error(`no result within ${LONGEST_MS / 1000} s: ${expr}`)
      await sleep(250)
    }
  }

  close(): Promise<void> {
    return this.#prometheus.close()
  }

  async #until<T>(what: string, found: (active: readonly ActiveAlert[]) => T | undefined): Promise<T & {}> {
    for (const end = performance.now() + LONGEST_MS; performance.now() < end; await sleep(250)) {
      const { alerts } = (await this.#get('alerts')) as { alerts: ActiveAlert[] }
      const value = found(alerts)
      if (value) return value
    }
    throw new Error(`not within ${LONGEST_MS / 1000} s: ${what}`)
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#prometheus.url}/api/v1/${path}`, { signal: AbortSignal.timeout(20_000) })
    const body = (await response.json()) as { status: string; error?: string; data: unknown }
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`)
    return body.data
  }
}

const matching = (active: readonly ActiveAlert[], alert: string, job: string, labels: Labels) =>
  active.find(
    ({ state, labels: own }) =>
      state === 'firing' &&
      Object.entries({ ...labels, alertname: alert, job }).every(([name, value]) => (own[name] ?? '') === value),
  )
