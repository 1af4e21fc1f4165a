import type { Instruments } from './instruments.ts'

export interface IssuerMetrics {
  /** @param error Of a closed list; undefined: none */
  requested(operation: string, seconds: number, error: string | undefined): void
}

/** What happens on the connections to one upstream. */
export interface UpstreamMetrics {
  connected(seconds: number): void
  responded(seconds: number): void
  failed(reason: string): void
}

/** The connections to one upstream at a moment. */
export interface UpstreamUse {
  /** Its origin. */
  readonly upstream: string
  readonly active: number
  readonly idle: number
  readonly waiting: number
}

/** Requests to issuers. */
export function buildIssuerMetrics(instruments: Instruments): IssuerMetrics {
  const seconds = instruments.histogram('modelops_gateway_issuer_request_duration_seconds')
  const errors = instruments.counter('modelops_gateway_issuer_request_errors_total')
  return {
    requested(operation, duration, error) {
      seconds.labels({ operation }).observe(duration)
      if (error !== undefined) errors.labels({ operation, error }).inc()
    },
  }
}

/**
 * Requests to upstreams.
 * @param inUse Every upstream with connections; one origin may occur more than once
 * @returns a function that gives the metrics of an origin, with their labels resolved
 */
export function buildUpstreamMetrics(
  instruments: Instruments,
  inUse: () => Iterable<UpstreamUse>,
): (upstream: string) => UpstreamMetrics {
  const connects = instruments.histogram('modelops_gateway_upstream_connect_duration_seconds')
  const firstBytes = instruments.histogram('modelops_gateway_upstream_first_byte_duration_seconds')
  const errors = instruments.counter('modelops_gateway_upstream_errors_total')
  instruments.gauge('modelops_gateway_upstream_connections', (gauge) => {
    gauge.reset()
    for (const { upstream, active, idle } of inUse()) {
      gauge.inc({ upstream, state: 'active' }, active)
      gauge.inc({ upstream, state: 'idle' }, idle)
    }
  })
  instruments.gauge('modelops_gateway_upstream_requests_waiting', (gauge) => {
    gauge.reset()
    for (const { upstream, waiting } of inUse()) gauge.inc({ upstream }, waiting)
  })
  return (upstream) => {
    const connect = connects.labels({ upstream })
    const firstByte = firstBytes.labels({ upstream })
    return {
      connected: (seconds) => connect.observe(seconds),
      responded: (seconds) => firstByte.observe(seconds),
      failed: (reason) => errors.labels({ upstream, reason }).inc(),
    }
  }
}
