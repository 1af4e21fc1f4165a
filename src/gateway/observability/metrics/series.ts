import type { Metric, MetricObjectWithValues, MetricValueWithName } from 'prom-client'
import type { MetricDefinition } from './definition.ts'

type Labels = Readonly<Record<string, string>>

/** One counter series with its labels resolved: an increment is one addition. */
export class Count {
  value = 0

  inc(by = 1): void {
    this.value += by
  }
}

/** One histogram series with its labels resolved. */
export class Observer {
  sum = 0
  count = 0
  readonly #bounds: readonly number[]
  /** Observations by the first bound that they do not exceed; the last one beyond all. */
  readonly #counts: number[]

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at += 1
    ;(this.#counts[at] as number)++
    this.sum += value
    this.count += 1
  }

  /** Pairs of bound and observations up to it. */
  *cumulative(): Iterable<[bound: number | '+Inf', count: number]> {
    let sum = 0
    for (const [at, bound] of this.#bounds.entries()) {
      sum += this.#counts[at] as number
      yield [bound, sum]
    }
    yield ['+Inf', this.count]
  }
}

/**
 * The series of one counter or histogram, for a registry of prom-client. prom-client's own validate and hash the labels
 * with each increment; these resolve them once.
 */
export class Series<L extends string, S extends Count | Observer> {
  readonly name: string
  readonly #definition: MetricDefinition
  readonly #names: readonly L[]
  readonly #make: () => S
  readonly #all = new Map<string, { labels: Labels; series: S }>()

  constructor(name: string, definition: MetricDefinition, make: () => S) {
    this.name = name
    this.#definition = definition
    this.#names = Object.keys(definition.labels) as L[]
    this.#make = make
    if (this.#names.length === 0) this.labels({} as Readonly<Record<L, string>>)
  }

  /** The series of these labels. Keep it where it is used often. */
  labels(labels: Readonly<Record<L, string>>): S {
    const key = this.#keyOf(labels)
    const known = this.#all.get(key)
    if (known) return known.series
    const series = this.#make()
    this.#all.set(key, { labels, series })
    return series
  }

  remove(labels: Readonly<Record<L, string>>): void {
    this.#all.delete(this.#keyOf(labels))
  }

  /** For the registry. */
  async get(): Promise<Omit<MetricObjectWithValues<MetricValueWithName<string>>, 'collect'>> {
    const { help, type, aggregator = 'sum' } = this.#definition
    const values = [...this.#all.values()].flatMap(({ labels, series }) => samplesOf(this.name, labels, series))
    // The registry of prom-client reads `type` as text, although its type declares an enum.
    return { name: this.name, help, type: type as never, aggregator, values }
  }

  #keyOf(labels: Readonly<Record<L, string>>): string {
    return JSON.stringify(this.#names.map((name) => labels[name]))
  }

  /** As prom-client's registry takes it: it calls `get` alone. */
  get metric(): Metric {
    return this as unknown as Metric
  }
}

function samplesOf(name: string, labels: Labels, series: Count | Observer): MetricValueWithName<string>[] {
  if (series instanceof Count) return [{ metricName: name, labels: { ...labels }, value: series.value }]
  const buckets = [...series.cumulative()].map(([le, value]) => ({
    metricName: `${name}_bucket`,
    labels: { le, ...labels } as never,
    value,
  }))
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: { ...labels }, value: series.sum },
    { metricName: `${name}_count`, labels: { ...labels }, value: series.count },
  ]
}
