import { STATUS_CODES } from 'node:http'
import { knownMethod } from '../known-method.ts'
import type { Instruments } from './instruments.ts'
import type { Count, Observer } from './series.ts'

/** One request whose response has ended. */
export interface FinishedRequest {
  /** Its route, or the gateway's own endpoint. */
  readonly route: string | undefined
  /** As the client sent it. */
  readonly method: string
  /** As the client received it; undefined: the connection closed before. */
  readonly status: number | undefined
  /** From the request's arrival to the end of its response. */
  readonly seconds: number
  /** Bytes of the request body that arrived. */
  readonly receivedBytes: number
  /** Bytes of the response body. */
  readonly sentBytes: number
  /** The project that it was admitted to. */
  readonly project: { readonly id: string; readonly name: string } | undefined
}

/** The series of one route with their labels resolved, which each request would otherwise pay for. */
interface RouteMetrics {
  /** By method, then by status; index 0: the connection closed before a response. */
  readonly seconds: Map<string, Observer[]>
  readonly received: Count
  readonly sent: Count
}

export interface RequestMetrics {
  finished(request: FinishedRequest): void
  upgraded(route: string): void
}

/** Requests, durations and bytes by route. */
export function buildRequestMetrics(instruments: Instruments): RequestMetrics {
  const seconds = instruments.histogram('http_server_request_duration_seconds')
  const received = instruments.counter('http_server_request_body_bytes_total')
  const sent = instruments.counter('http_server_response_body_bytes_total')
  const upgrades = instruments.counter('modelops_gateway_upgrades_total')
  const routes = new Map<string, RouteMetrics>()

  function metricsOf(route: string): RouteMetrics {
    const known = routes.get(route)
    if (known) return known
    const made = { seconds: new Map(), received: received.labels({ route }), sent: sent.labels({ route }) }
    routes.set(route, made)
    return made
  }

  function durationsOf(metrics: RouteMetrics, method: string): Observer[] {
    const made: Observer[] = []
    metrics.seconds.set(method, made)
    return made
  }

  return {
    finished({ route = 'none', method, status = 0, seconds: duration, receivedBytes, sentBytes }) {
      const metrics = metricsOf(route)
      const known = knownMethod(method)
      const durations = metrics.seconds.get(known) ?? durationsOf(metrics, known)
      durations[status] ??= seconds.labels({ method: known, route, status: statusLabel(status) })
      durations[status].observe(duration)
      metrics.received.inc(receivedBytes)
      metrics.sent.inc(sentBytes)
    },
    upgraded: (route) => upgrades.labels({ route }).inc(),
  }
}

/** Codes without a registered meaning, which an upstream may invent, share one series of their class. */
const statusLabel = (status: number): string =>
  STATUS_CODES[status] === undefined ? statusClass(status) : String(status)

/** `2xx` and so on; `none` for 0, a request that got no response. */
export const statusClass = (status: number): string => (status === 0 ? 'none' : `${Math.trunc(status / 100)}xx`)
