import { Counter, Histogram, type Registry } from 'prom-client'

/** Upper bounds of the histogram, seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60]

/** The metrics of one route with their labels resolved, which each request would otherwise pay for. */
interface RouteMetrics {
  readonly seconds: Histogram.Internal<'route'>
  readonly bytes: Counter.Internal
  /** By status class: index 2 counts 2xx, index 0 the requests whose connection closed before a response. */
  readonly requests: Counter.Internal[]
}

export type ObserveRequest = (route: string, status: number | undefined, seconds: number, bytes: number) => void

/** Requests, durations and response bytes by route. */
export function buildRequestMetrics(registry: Registry): ObserveRequest {
  const registers = [registry]
  const requests = new Counter({
    name: 'modelops_gateway_requests_total',
    help: 'Requests by route and status class; `none`: the connection closed before a response.',
    labelNames: ['route', 'status'],
    registers,
  })
  const seconds = new Histogram({
    name: 'modelops_gateway_request_seconds',
    help: 'Time from the arrival of a request to the end of its response.',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers,
  })
  const bytes = new Counter({
    name: 'modelops_gateway_response_bytes_total',
    help: 'Bytes of response bodies by route.',
    labelNames: ['route'],
    registers,
  })
  const routes = new Map<string, RouteMetrics>()

  function metricsOf(route: string): RouteMetrics {
    const known = routes.get(route)
    if (known) return known
    const made = { seconds: seconds.labels({ route }), bytes: bytes.labels({ route }), requests: [] }
    routes.set(route, made)
    return made
  }

  return (route, status, duration, size) => {
    const metrics = metricsOf(route)
    const statusClass = status === undefined ? 0 : Math.trunc(status / 100)
    const name = statusClass === 0 ? 'none' : `${statusClass}xx`
    metrics.requests[statusClass] ??= requests.labels({ route, status: name })
    metrics.requests[statusClass].inc()
    metrics.seconds.observe(duration)
    metrics.bytes.inc(size)
  }
}
