import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Prometheus metrics. Labels are routes and reasons of the configuration: bounded, and nothing of users. */
export interface Metrics {
  readonly registry: Registry
  /** One request is over. @param seconds from its arrival to the end of its answer */
  request(route: string | undefined, status: number, seconds: number): void
  refused(reason: string): void
}

export interface MetricsSources {
  readonly issuerReady: () => boolean
  readonly projects: () => number
}

export function buildMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'modelops_gateway_requests_total',
    help: 'Requests by route and status class.',
    labelNames: ['route', 'status'],
    registers: [registry],
  })
  const refusals = new Counter({
    name: 'modelops_gateway_refusals_total',
    help: 'Refusals by reason.',
    labelNames: ['reason'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'modelops_gateway_request_seconds',
    help: 'Time from a request’s arrival to the end of its answer.',
    labelNames: ['route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  })
  gauge(registry, 'modelops_gateway_issuer_ready', 'Whether the issuer has been discovered.', () =>
    Number(sources.issuerReady()),
  )
  gauge(registry, 'modelops_gateway_projects', 'Projects known.', sources.projects)

  return {
    registry,
    request(route = 'none', status, duration) {
      requests.inc({ route, status: `${Math.floor(status / 100)}xx` })
      seconds.observe({ route }, duration)
    },
    refused: (reason) => refusals.inc({ reason }),
  }
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read())
      },
    }),
  )
}
