import { Counter, type Metric, type MetricObjectWithValues, type MetricValueWithName } from 'prom-client'

/** Upper bounds of the histogram, seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60] as const
const REQUESTS = 'modelops_gateway_requests_total'
const SECONDS = 'modelops_gateway_request_seconds'
const HELP = 'Time from a request’s arrival to the end of its answer.'

interface RouteCounts {
  /** By status class: index 2 counts 2xx. */
  readonly classes: number[]
  /** One more than {@link BOUNDS}: the last holds what is above them all. */
  readonly buckets: number[]
  sum: number
}

/**
 * Counts requests as plain numbers; Prometheus' form is made when somebody asks. A counter and a histogram with labels
 * cost each request a text, two hashes and a check of the labels.
 */
export class RouteRequests {
  readonly #routes = new Map<string, RouteCounts>()

  /** @param seconds From the request's arrival to the end of its answer. */
  add(route: string, status: number, seconds: number): void {
    const counts = this.#routes.get(route) ?? this.#begin(route)
    const statusClass = Math.trunc(status / 100)
    counts.classes[statusClass] = (counts.classes[statusClass] ?? 0) + 1
    let bucket = 0
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket += 1
    counts.buckets[bucket] = (counts.buckets[bucket] as number) + 1
    counts.sum += seconds
  }

  /** `modelops_gateway_requests_total` and `modelops_gateway_request_seconds`, to be registered. */
  metrics(): Metric[] {
    const routes = this.#routes
    const requests = new Counter({
      name: REQUESTS,
      help: 'Requests by route and status class.',
      labelNames: ['route', 'status'],
      registers: [],
      collect() {
        this.reset()
        for (const [route, { classes }] of routes)
          for (const [statusClass, count] of classes.entries())
            if (count !== undefined) this.inc({ route, status: `${statusClass}xx` }, count)
      },
    })
    // What a registry asks of a metric: its name, and its values when it is read.
    const seconds = { name: SECONDS, get: async () => this.#histogram() }
    return [requests, seconds as unknown as Metric]
  }

  #begin(route: string): RouteCounts {
    const counts = { classes: [], buckets: new Array<number>(BOUNDS.length + 1).fill(0), sum: 0 }
    this.#routes.set(route, counts)
    return counts
  }

  #histogram(): Omit<MetricObjectWithValues<MetricValueWithName<'route' | 'le'>>, 'collect'> {
    const values = [...this.#routes].flatMap(([route, { buckets, sum }]) => {
      let below = 0
      const cumulative = buckets.map((count, i) => {
        below += count
        return { labels: { le: BOUNDS[i] ?? '+Inf', route }, value: below, metricName: `${SECONDS}_bucket` }
      })
      return [
        ...cumulative,
        { labels: { route }, value: sum, metricName: `${SECONDS}_sum` },
        { labels: { route }, value: below, metricName: `${SECONDS}_count` },
      ]
    })
    return { name: SECONDS, help: HELP, type: 'histogram' as never, values, aggregator: 'sum' }
  }
}
