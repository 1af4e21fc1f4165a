import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { RouteRequests } from './request-metrics.ts'

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
  const refusals = new Counter({
    name: 'modelops_gateway_refusals_total',
    help: 'Refusals by reason.',
    labelNames: ['reason'],
    registers: [registry],
  })
  const requests = new RouteRequests()
  for (const metric of requests.metrics()) registry.registerMetric(metric)
  gauge(registry, 'modelops_gateway_issuer_ready', 'Whether the issuer has been discovered.', 'min', () =>
    Number(sources.issuerReady()),
  )
  gauge(registry, 'modelops_gateway_projects', 'Projects known.', 'max', sources.projects)

  return {
    registry,
    request: (route = 'none', status, seconds) => requests.add(route, status, seconds),
    refused: (reason) => refusals.inc({ reason }),
  }
}

/**
 * A value that is read when somebody asks.
 * @param over How the values of several workers become one
 */
export function gauge(registry: Registry, name: string, help: string, over: 'min' | 'max', read: () => number): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      aggregator: over,
      registers: [],
      collect() {
        this.set(read())
      },
    }),
  )
}
