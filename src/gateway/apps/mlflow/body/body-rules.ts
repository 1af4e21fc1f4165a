import { Refusal } from '../../../errors.ts'
import type { Admission, AppRequest, BodyRule } from '../../profile.ts'
import type { CatalogueRoute, FindRoute } from '../catalogue/catalogue.ts'
import type { Shape } from '../catalogue/request-fields.ts'
import { rewriteExport } from '../otlp/export.ts'
import type { Tenancy } from '../tenancy.ts'
import type { BodyContext } from './body-context.ts'
import { refuseBookkeeping } from './bookkeeping.ts'
import { checkFields } from './check-fields.ts'
import { malformed } from './malformed.ts'
import { refuseForeignSource } from './roles.ts'
import { JsonError, type JsonObject, parseJsonObject, printJson } from './strict-json.ts'

export interface BodyLimits {
  /** Bytes of a JSON body about runs, experiments, models and tags. */
  readonly json: number
  /** Bytes of everything that may contain traces or data sets, e.g. an OTLP export once decompressed. */
  readonly otlp: number
}

const SMALL = /\/2\.0\/mlflow\/(?:runs|experiments|registered-models|model-versions|logged-models)(?:\/|$)|\/tags$/
const TRACES = /\/mlflow\/traces(?:\/|$)/

export interface BodyTenancy extends Pick<Tenancy, 'objects' | 'defaultExperiment'> {
  /** Longest lifetime of a presigned URL. Default: what the client asks for. */
  readonly maxPresignedSeconds?: number
}

/**
 * Builds the lookup of body rules. Every JSON body is parsed strictly, checked by the fields of its route and serialized
 * anew: what MLflow reads is what was checked. Uploads and calls of model endpoints stream; they identify nothing.
 */
export function buildBodyRules(find: FindRoute, limits: BodyLimits, tenancy: BodyTenancy) {
  const otlp: BodyRule = {
    maxBytes: limits.otlp,
    rewrite: (body, { request: { headers } }) =>
      rewriteExport(body, { type: headers['content-type'], encoding: headers['content-encoding'] }, limits.otlp),
  }

  return ({ method, decodedPath }: AppRequest): BodyRule | undefined => {
    if (method === 'GET' || method === 'HEAD') return undefined
    if (decodedPath === '/v1/traces') return otlp
    const route = find(method, decodedPath)
    const shape = route?.request?.body
    if (!route || !shape) return undefined
    const maxBytes = SMALL.test(decodedPath) ? limits.json : limits.otlp
    return { maxBytes, rewrite: (body, admitted) => rewriteJson(body, admitted, route, shape) }
  }

  function rewriteJson(
    bytes: Buffer,
    admitted: Admission,
    route: CatalogueRoute,
    shape: Shape,
  ): Buffer | Promise<Buffer> {
    refuseCoding(admitted.request)
    const body = parse(bytes)
    const context = contextOf(admitted, route)
    if (TRACES.test(admitted.request.decodedPath)) refuseBookkeeping(body, shape)
    checkFields(body, shape, context)
    if (/^CreatePresigned/.test(shape.name)) capExpiration(body, tenancy.maxPresignedSeconds)
    if (tenancy.objects && shape.name === 'CreateModelVersion') refuseForeignSource(body, context)
    const print = () => (bytes.length === 0 && Object.keys(body).length === 0 ? bytes : printJson(body))
    const { objects } = tenancy
    if (!objects || context.references.length === 0) return print()
    return objects.check(admitted, context.references).then(print)
  }

  function contextOf(admitted: Admission, route: CatalogueRoute): BodyContext {
    const { request, project } = admitted
    const path = route.parameters(request.decodedPath)
    return {
      author: authorOf(admitted),
      path,
      trace: path.trace_id,
      defaultExperiment: project && tenancy.defaultExperiment?.(project.id),
      derive: (id, trace) => tenancy.objects?.derive(admitted, id, trace) ?? id,
      references: [],
    }
  }
}

/** A client that asks for a longer lifetime gets the longest one. */
function capExpiration(body: JsonObject, maxSeconds = Number.POSITIVE_INFINITY): void {
  if (body.expiration !== undefined && !(Number(body.expiration) <= maxSeconds)) body.expiration = maxSeconds
}

/** An empty body is an empty object, as MLflow reads it. */
function parse(bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) return {}
  try {
    return parseJsonObject(bytes)
  } catch (error) {
    if (error instanceof JsonError) throw malformed(error.message)
    throw error
  }
}

/** MLflow reads JSON as it comes; `Content-Encoding` is not forwarded. */
function refuseCoding({ headers }: AppRequest): void {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (coding !== '' && coding !== 'identity') throw malformed('Content-Encoding: expected none for JSON')
}

function authorOf({ principal }: Admission): string {
  if (!principal) throw new Refusal('login-required', 'a write to MLflow has no verified author')
  return principal.username
}
