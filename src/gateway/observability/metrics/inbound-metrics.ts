import type { Instruments } from './instruments.ts'
import { type ProjectLabelSettings, ProjectMetrics } from './project-metrics.ts'
import { buildRequestMetrics, type FinishedRequest } from './request-metrics.ts'
import type { Count } from './series.ts'

/** What clients do: requests, WebSockets, denials and sign-ins. */
export interface InboundMetrics {
  /** A request has arrived. */
  began(): void
  /** The response to one request has ended: once for each that began. */
  request(request: FinishedRequest): void
  /** A request has become a WebSocket. @returns a function to call when it closes */
  upgraded(route: string | undefined): () => void
  /** A request was denied. */
  refused(reason: string): void
  /** A browser came back from the issuer. @param result `success`, or the reason of the denial */
  signIn(result: string): void
  /** Somebody signed in and reaches no project. @param cause One of a closed list */
  signInWithoutProject(cause: string): void
  readonly connections: {
    /** A request that lasts was authorized again. */
    reauthorized(isAllowed: boolean): void
    /** It was ended. @param cause A reason, `session-ended` or `draining` */
    cut(cause: string): void
  }
  /** Follows `observability` of the configuration. */
  labelProjects(settings: ProjectLabelSettings): void
}

export function buildInboundMetrics(instruments: Instruments): InboundMetrics {
  const requests = buildRequestMetrics(instruments)
  const projects = new ProjectMetrics(instruments)
  const refusals = instruments.counter('modelops_gateway_refusals_total')
  const signIns = instruments.counter('modelops_gateway_sign_ins_total')
  const withoutProject = instruments.counter('modelops_gateway_sign_ins_without_project_total')
  let active = 0
  let upgraded = 0
  instruments.gauge('http_server_active_requests', (gauge) => gauge.set(active))
  instruments.gauge('modelops_gateway_upgraded_connections', (gauge) => gauge.set(upgraded))
  return {
    began() {
      active += 1
    },
    request(request) {
      active -= 1
      requests.finished(request)
      if (request.project) projects.finished(request.project, request)
    },
    upgraded(route = 'none') {
      requests.upgraded(route)
      upgraded += 1
      return () => {
        upgraded -= 1
      }
    },
    refused: (reason) => refusals.labels({ reason }).inc(),
    signIn: (result) => signIns.labels({ result }).inc(),
    signInWithoutProject: (cause) => withoutProject.labels({ cause }).inc(),
    connections: connectionMetrics(instruments),
    labelProjects: (settings) => projects.configure(settings),
  }
}

function connectionMetrics(instruments: Instruments): InboundMetrics['connections'] {
  const reauthorizations = instruments.counter('modelops_gateway_reauthorizations_total')
  const cuts = instruments.counter('modelops_gateway_connections_cut_total')
  const [allowed, denied] = ['allowed', 'denied'].map((result) => reauthorizations.labels({ result })) as [Count, Count]
  return {
    reauthorized: (isAllowed) => (isAllowed ? allowed : denied).inc(),
    cut: (cause) => cuts.labels({ cause }).inc(),
  }
}
