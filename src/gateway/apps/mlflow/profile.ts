import { type Clock, systemClock } from '../../../shared/clock.ts'
import { mlflowSettings, type RouteConfig } from '../../config/schema.ts'
import { Refusal } from '../../errors.ts'
import type { Project } from '../../policy/types.ts'
import type { Admission, AppProfile } from '../profile.ts'
import { buildBodyRules } from './body-rules.ts'
import { buildClassifier, CATALOGUES } from './catalogue.ts'
import { mlflowRefusal } from './refusal.ts'
import { hasOwnReply, replyFor } from './replies.ts'
import { sandboxUploads } from './sandbox.ts'
import { serverInfoRule } from './server-info.ts'
import { Workspaces } from './workspaces.ts'

const WORKSPACE_HEADER = 'x-mlflow-workspace'
/** Artifact names may contain a semicolon. */
const ARTIFACT = /^\/(?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts\//

/** What a tenancy adds to the profile: where a project's data is and how a request is bound to it. */
type Tenancy = Pick<AppProfile, 'headers' | 'prepare' | 'upstream'>

/**
 * MLflow behind the gateway. Every request is in the route catalogue of the release, belongs to exactly one project, and
 * cannot name another author or another project's data in its body; others are refused.
 */
export function buildMlflowProfile(route: RouteConfig, clock: Clock = systemClock): AppProfile {
  const settings = mlflowSettings.parse(route.mlflow ?? {})
  const classify = buildClassifier(CATALOGUES[settings.version])
  const limits = { json: settings.maxBodyBytes, otlp: settings.maxTraceBytes }
  const shared = settings.tenancy === 'workspace'
  return {
    app: 'mlflow',
    stripPrefix: true,
    hostHeader: 'upstream',
    projectInPath: true,
    projectHeaders: [WORKSPACE_HEADER],
    // MLflow refuses another origin even for searches; the gateway has checked the origin already.
    dropRequestHeaders: new Set([WORKSPACE_HEADER, 'origin', 'content-encoding']),
    cookies: 'none',
    authorization: 'none',
    allowsInPath: (what, path) => what === 'semicolon' && ARTIFACT.test(path),
    isPage: ({ decodedPath }) => decodedPath === '/',
    use: ({ method, decodedPath }) => (hasOwnReply(method, decodedPath) ? 'read' : classify(method, decodedPath)),
    reply: replyFor,
    bodyRule: buildBodyRules(limits, shared),
    responseRule: serverInfoRule,
    responseHeaders: sandboxUploads,
    refusal: mlflowRefusal,
    ...(shared ? workspaceTenancy(route.upstream, clock) : instanceTenancy(settings.instances)),
  }
}

/** One MLflow with a workspace per project: created before the first request, and named by every request. */
function workspaceTenancy(upstream: string, clock: Clock): Tenancy {
  const workspaces = new Workspaces(upstream, clock)
  return {
    prepare: (admitted) => workspaces.ensure(projectOf(admitted)),
    headers: (admitted) => ({ 'X-MLFLOW-WORKSPACE': projectOf(admitted).id }),
  }
}

/** One MLflow per project: nothing is shared, so no workspace is named. */
function instanceTenancy(instances: Readonly<Record<string, string>>): Tenancy {
  return {
    upstream(admitted) {
      const { id } = projectOf(admitted)
      const instance = instances[id]
      if (instance !== undefined) return instance
      throw new Refusal('upstream-not-ready', `routes[].mlflow.instances: expected an upstream for ${id}, got none`)
    },
  }
}

/** Without a workspace MLflow would use its `default`, whose artifact root contains all others: such a request ends here. */
function projectOf({ project }: Admission): Project {
  if (project) return project
  throw new Refusal('project-missing', 'a request for MLflow was admitted without a project')
}
