/** A metric in the format that prom-client gives as JSON, as far as totals need it. */
export interface MetricSnapshot {
  readonly name: string
  readonly type: string
  readonly values: readonly MetricSample[]
}

interface MetricSample {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

interface Total {
  readonly metric: MetricSnapshot
  readonly samples: Map<string, { readonly sample: MetricSample; value: number }>
}

/**
 * What workers that have exited had counted. A sum that fell would look like a restart to Prometheus, which would then
 * count everything twice. Gauges end with their worker.
 */
export class WorkerTotals {
  readonly #totals = new Map<string, Total>()

  /** Adds the last known counters and histograms of a worker that has exited. */
  add(snapshots: readonly MetricSnapshot[]): void {
    for (const metric of snapshots) {
      if (metric.type !== 'counter' && metric.type !== 'histogram') continue
      const total = this.#totals.get(metric.name) ?? { metric, samples: new Map() }
      this.#totals.set(metric.name, total)
      for (const sample of metric.values) addTo(total, sample)
    }
  }

  /** Drops metrics whose labels must not be shown any more. */
  forget(names: readonly string[]): void {
    for (const name of names) this.#totals.delete(name)
  }

  /** For the sum with the running workers. */
  snapshots(): MetricSnapshot[] {
    return [...this.#totals.values()].map(({ metric, samples }) => ({
      ...metric,
      values: [...samples.values()].map(({ sample, value }) => ({ ...sample, value })),
    }))
  }
}

function addTo({ samples }: Total, sample: MetricSample): void {
  const labels = Object.entries(sample.labels).sort(([a], [b]) => a.localeCompare(b))
  const key = JSON.stringify([sample.metricName, labels])
  const known = samples.get(key)
  if (known) known.value += sample.value
  else samples.set(key, { sample, value: sample.value })
}
