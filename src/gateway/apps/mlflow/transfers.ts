import { Refusal } from '../../errors.ts'
import type { Admission, AppEvent, AppRequest, ResponseRule } from '../profile.ts'

/** How the bytes of artifacts travel: through the gateway, also by presigned URLs past it, or not at all. */
export interface Transfers {
  readonly mode: 'proxied' | 'presigned' | 'deny'
  /** Longest lifetime of a presigned URL. */
  readonly maxSeconds: number
  /** Whether a URL must stay below the project's own prefix. */
  readonly sharedStorage: boolean
  /** Called for every URL that a client gets. */
  readonly record: (event: AppEvent) => void
}

const API = '^/(?:ajax-)?api/2\\.0'
/** Responses with URLs that lead past the gateway, and the calls around them. */
const PRESIGNED = new RegExp(
  `${API}/(?:mlflow-artifacts/(?:presigned|mpu)/|mlflow/artifacts/presigned-(?:up|down)load-url$)`,
)
const BYTES = new RegExp(
  `${API}/(?:mlflow-artifacts/artifacts/.|mlflow/(?:upload-artifact$|get-trace-artifact$|logged-models/[^/]+/artifacts/files$))|^/(?:model-versions/)?get-artifact$|^/ajax-api/3\\.0/mlflow/get-trace-artifact$`,
)
const MAX_RESPONSE_BYTES = 4_194_304

/** On routes that serve an artifact, MLflow returns a URL instead when the query has `presigned=true`. */
const isPresigned = ({ decodedPath, query }: AppRequest) =>
  PRESIGNED.test(decodedPath) ||
  (query !== '' && new URLSearchParams(query).getAll('presigned').some((value) => value !== 'false'))

/** Whether the route's setting denies a transfer. */
export function isDeniedTransfer(request: AppRequest, { mode }: Transfers): boolean {
  if (isPresigned(request)) return mode !== 'presigned'
  return mode === 'deny' && BYTES.test(request.decodedPath)
}

/** Checks and records the URLs in a response: each must be short-lived and stay within the project. */
export function presignedRule(request: AppRequest, transfers: Transfers): ResponseRule | undefined {
  if (transfers.mode !== 'presigned' || !isPresigned(request)) return undefined
  return {
    maxBytes: MAX_RESPONSE_BYTES,
    rewrite(status, body, admitted) {
      if (status !== 200) return body
      for (const url of urlsIn(parse(body))) checkUrl(url, admitted, transfers)
      return body
    },
  }
}

function parse(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : JSON.parse(body.toString())
  } catch (error) {
    throw new Refusal('upstream-invalid', 'presigned URL: the response is not JSON', { cause: error })
  }
}

/** Every URL of a server, at any depth. */
function urlsIn(value: unknown): URL[] {
  if (typeof value === 'string') return /^\s*https?:/i.test(value) && URL.canParse(value) ? [new URL(value)] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(urlsIn) : []
}

function checkUrl(url: URL, admitted: Admission, { maxSeconds, sharedStorage, record }: Transfers): void {
  const seconds = lifetimeOf(url)
  if (seconds === undefined) throw new Refusal('upstream-invalid', 'presigned URL: its lifetime is not known')
  if (!(seconds <= maxSeconds))
    throw new Refusal('upstream-invalid', `presigned URL: expected at most ${maxSeconds} s, got ${seconds}`)
  const { project, principal, request, requestId, traceId } = admitted
  const path = decoded(url.pathname)
  if (sharedStorage && !(project && isBelow(path, project.id)))
    throw new Refusal('upstream-invalid', 'presigned URL: expected one below the workspace of the project')
  record({
    event: 'presigned-url',
    request_id: requestId,
    trace_id: traceId,
    user: principal?.username,
    subject: principal?.subject,
    project: project?.id,
    path: request.decodedPath,
    host: url.host,
    object: path,
    seconds,
  })
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    throw new Refusal('upstream-invalid', 'presigned URL: its path is not percent-encoded UTF-8', { cause: error })
  }
}

/** The first `workspaces` in a path is MLflow's, below the root of its artifacts; later ones are names of the caller's. */
function isBelow(path: string, projectId: string): boolean {
  const segments = path.split('/')
  return segments[segments.indexOf('workspaces') + 1] === projectId && !segments.includes('..')
}

/** Seconds until a presigned URL of S3, Google Cloud Storage or Azure expires; undefined where it does not say. */
function lifetimeOf({ searchParams }: URL): number | undefined {
  const named = (name: string) => searchParams.get(name) ?? undefined
  const relative = named('X-Amz-Expires') ?? named('X-Goog-Expires')
  if (relative !== undefined) return Number(relative)
  const absolute = named('Expires') ?? named('se')
  if (absolute === undefined) return undefined
  const atMs = /^\d+$/.test(absolute) ? Number(absolute) * 1000 : Date.parse(absolute)
  return Number.isNaN(atMs) ? undefined : Math.ceil((atMs - Date.now()) / 1000)
}
