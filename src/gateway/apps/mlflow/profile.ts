import { type Clock, systemClock } from '../../../shared/clock.ts'
import { mlflowSettings, type RouteConfig } from '../../config/schema.ts'
import { Refusal } from '../../errors.ts'
import type { Admission, AppEvent, AppProfile, AppRelease, AppRequest } from '../profile.ts'
import { buildBodyRules } from './body/body-rules.ts'
import { finderOf, ReleaseWatch } from './catalogue/release-watch.ts'
import { EXPERIMENT_HEADER, headersFor, isModelCall } from './default-experiment.ts'
import { queryFor } from './forwarded-query.ts'
import { mlflowOperation } from './operation.ts'
import { mlflowRefusal } from './refusal.ts'
import { hasOwnReply, replyFor } from './replies.ts'
import { checkRequest, isNeverForwarded } from './request-checks.ts'
import { sandboxUploads } from './sandbox.ts'
import { serverInfoRule } from './server-info.ts'
import { instanceTenancy, workspaceTenancy } from './tenancy.ts'
import { isDeniedTransfer, presignedRule, type Transfers } from './transfers.ts'
import { changesWebhook } from './webhooks.ts'

const WORKSPACE_HEADER = 'x-mlflow-workspace'
/** With it, MLflow asks a model without the guardrails that an administrator has set. It is for MLflow's own calls. */
const BYPASS_HEADER = 'x-mlflow-guardrail-bypass'
/** Artifact names may contain a semicolon, and so may the key of a tag. */
const SEMICOLON = /^\/(?:ajax-)?api\/(?:2\.0\/mlflow-artifacts\/artifacts\/|[23]\.0\/mlflow\/.+\/tags\/)/

export interface ProfileDeps {
  readonly clock?: Clock
  /** Records an event of the audit trail. */
  readonly record?: (event: AppEvent) => void
  /** Called with the release of MLflow, and with each change of it. Absent: MLflow is not asked. */
  readonly onRelease?: (release: AppRelease) => void
}

/** The name of an MCP server is one segment with a slash, which MLflow's client encodes and its server decodes. */
const ENCODED_SLASH = /^\/(?:ajax-)?api\/3\.0\/mlflow\/mcp-servers\//

/**
 * MLflow behind the gateway. Every request is in the route catalogue of the release, belongs to exactly one project, and
 * cannot name another author or another project's data in its body; others are refused.
 */
export function buildMlflowProfile(
  route: RouteConfig,
  { clock = systemClock, record = () => {}, onRelease }: ProfileDeps = {},
): AppProfile {
  const settings = mlflowSettings.parse(route.mlflow ?? {})
  const releases = releaseWatch(settings, route.upstream, clock, onRelease)
  const find = releases?.find ?? finderOf(settings.version)
  const limits = { json: settings.maxBodyBytes, otlp: settings.maxTraceBytes }
  const tenancy =
    settings.tenancy === 'workspace' ? workspaceTenancy(route.upstream, clock) : instanceTenancy(settings.instances)

  const namespaces = Object.entries(settings.namespaces)

  const transfers: Transfers = {
    mode: route.transfers,
    maxSeconds: route.presignedSeconds,
    sharedStorage: settings.tenancy === 'workspace',
    record: (event) => record({ ...event, route: route.name }),
  }

  const deniesWebhooks = settings.tenancy === 'workspace' && settings.webhooks === 'deny'

  function useOf(request: AppRequest) {
    const { method, decodedPath } = request
    // Denied requests go no further, and may be the only ones: an upgrade is to be noticed all the same.
    void releases?.refresh()
    if (deniesWebhooks && changesWebhook(request)) return 'denied'
    if (isNeverForwarded(request) || isDeniedTransfer(request, transfers)) return 'denied'
    return hasOwnReply(method, decodedPath) ? 'read' : (find(method, decodedPath)?.use ?? 'denied')
  }

  function prepare(admitted: Admission): Promise<void> | undefined {
    checkRequest(admitted.request, find)
    const reading = releases?.refresh()
    return reading ? prepareAfter(reading, admitted) : tenancy.prepare?.(admitted)
  }

  /** Whoever was authorized by another catalogue than the one that counts now must be authorized again. */
  async function prepareAfter(reading: Promise<void>, admitted: Admission): Promise<void> {
    const { request } = admitted
    const [catalogue, use] = [releases?.catalogue, useOf(request)]
    await reading
    const isPlain = request.method === 'GET' || request.method === 'HEAD'
    if (releases?.catalogue !== catalogue && !(isPlain && useOf(request) === use))
      throw new Refusal('upstream-not-ready', 'the release of MLflow has changed since the request was authorized')
    await tenancy.prepare?.(admitted)
  }

  return {
    app: 'mlflow',
    stripPrefix: true,
    hostHeader: 'upstream',
    projectInPath: true,
    projectHeaders: [WORKSPACE_HEADER],
    ...(namespaces.length > 0 && { namespaces: new Map(namespaces) }),
    // MLflow refuses another origin even for searches; the gateway has checked the origin already.
    dropRequestHeaders: new Set([WORKSPACE_HEADER, 'origin', 'content-encoding', EXPERIMENT_HEADER, BYPASS_HEADER]),
    cookies: 'none',
    authorization: 'none',
    // The AI gateway sends the headers of a request on to the provider of the model.
    withholdsIdentity: isModelCall,
    allowsInPath: (what, path) =>
      (what === 'semicolon' && SEMICOLON.test(path)) || (what === 'encoded-slash' && ENCODED_SLASH.test(path)),
    isPage: ({ decodedPath }) => decodedPath === '/',
    use: useOf,
    operation: ({ method, decodedPath }) => mlflowOperation(find(method, decodedPath)?.line),
    reply: replyFor,
    bodyRule: buildBodyRules(find, limits, { ...tenancy, maxPresignedSeconds: route.presignedSeconds }),
    prepare,
    ...(releases && { warmUp: () => releases.refresh() }),
    ...(tenancy.upstream && { upstream: tenancy.upstream }),
    headers: (admitted) => ({ ...tenancy.headers(admitted), ...headersFor(admitted, tenancy) }),
    query: (admitted) => queryFor(admitted, find, tenancy),
    responseRule: (request) => serverInfoRule(request, transfers.mode) ?? presignedRule(request, transfers),
    responseHeaders: sandboxUploads,
    refusal: mlflowRefusal,
  }
}

/** With tenancy `instance` each project may run another release: then the configured one counts. */
function releaseWatch(
  { detectRelease, tenancy, version }: ReturnType<typeof mlflowSettings.parse>,
  upstream: string,
  clock: Clock,
  onRelease: ProfileDeps['onRelease'],
): ReleaseWatch | undefined {
  if (onRelease === undefined || !detectRelease || tenancy === 'instance') return undefined
  return new ReleaseWatch({ upstream, configured: version, clock, onRelease })
}
