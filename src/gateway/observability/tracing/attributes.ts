import type { Attributes } from '@opentelemetry/api'
import type { FinishedRequest, TracedUpstreamRequest } from '../../http/request-trace.ts'
import { knownMethod } from '../known-method.ts'

/*
 * What spans say, by the OpenTelemetry semantic conventions for HTTP spans. Nothing here comes from a query, a header, a
 * cookie or a body, and nobody's name: those are in the audit trail.
 */

/** @param scheme Of the public URL, without the colon */
export function requestAttributes(request: FinishedRequest, scheme: string): Attributes {
  const { status, reason, isWhole } = request
  const { host, port } = authority(request.host)
  const attributes: Attributes = {
    'http.request.method': knownMethod(request.method),
    'url.scheme': scheme,
    'client.address': request.clientAddress,
    'network.protocol.version': request.httpVersion,
    'http.response.body.size': request.bytes,
    'modelops.request.id': request.requestId,
  }
  const known = {
    'http.route': request.template,
    'url.path': request.path,
    'http.response.status_code': status,
    'server.address': host,
    'server.port': port,
    'network.peer.address': request.peerAddress,
    'modelops.route': request.route,
    'modelops.project.id': request.project,
    'modelops.role': request.role,
    'modelops.reason': reason,
    'error.type': errorType(status, reason),
    'modelops.incomplete': isWhole ? undefined : true,
  }
  for (const [name, value] of Object.entries(known)) if (value !== undefined) attributes[name] = value
  return attributes
}

/** Low in cardinality, as the conventions ask: the method and the template of the path. */
export const requestName = ({ method, template }: FinishedRequest) =>
  template === undefined ? knownMethod(method) : `${knownMethod(method)} ${template}`

/** For a server, a response of 5xx is an error, and a denial is not. */
export const isServerError = (status: number | undefined) => status !== undefined && status >= 500

function errorType(status: number | undefined, reason: string | undefined): string | undefined {
  if (status === undefined) return 'client-closed'
  return isServerError(status) ? (reason ?? String(status)) : undefined
}

export function upstreamAttributes({ method, origin, path }: TracedUpstreamRequest): Attributes {
  const { hostname, port, protocol } = new URL(origin)
  const query = path.indexOf('?')
  return {
    'http.request.method': knownMethod(method),
    'server.address': hostname,
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    'url.full': origin + (query < 0 ? path : path.slice(0, query)),
  }
}

function authority(text: string): { host: string | undefined; port: number | undefined } {
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? []
  return { host: host || undefined, port: port === undefined ? undefined : Number(port) }
}
