import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { buildReleaseMetrics, type ObservedRelease } from './release-metrics.ts'
import { buildRequestMetrics } from './request-metrics.ts'

/** Prometheus metrics. Labels are routes and reasons of the configuration: bounded, and nothing of users. */
export interface Metrics {
  readonly registry: Registry
  /**
   * The response to one request has finished.
   * @param route Its route, or the gateway's own endpoint
   * @param status As the client received it; undefined: the connection closed before
   * @param seconds From the request's arrival to the end of its response
   * @param bytes Of the response body
   */
  request(route: string | undefined, status: number | undefined, seconds: number, bytes: number): void
  /** A request was denied. */
  refused(reason: string): void
  /** Somebody signed in and reaches no project. @param cause One of a closed list */
  signInWithoutProject(cause: string): void
  /** The release of the application behind a route was read. */
  release(route: string, release: ObservedRelease): void
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
  const withoutProject = new Counter({
    name: 'modelops_gateway_sign_ins_without_project_total',
    help: 'Sign-ins of people who reach no project, by cause.',
    labelNames: ['cause'],
    registers: [registry],
  })
  const observe = buildRequestMetrics(registry)
  gauge(registry, 'modelops_gateway_issuer_ready', 'Whether the issuer responds.', 'min', () =>
    Number(sources.issuerReady()),
  )
  gauge(registry, 'modelops_gateway_projects', 'Projects known.', 'max', sources.projects)

  return {
    registry,
    request: (route = 'none', status, seconds, bytes) => observe(route, status, seconds, bytes),
    refused: (reason) => refusals.inc({ reason }),
    signInWithoutProject: (cause) => withoutProject.inc({ cause }),
    release: buildReleaseMetrics(registry),
  }
}

/**
 * A value that is read when Prometheus asks.
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
