import { type Clock, systemClock } from '../../../shared/clock.ts'
import { mlflowSettings, type RouteConfig } from '../../config/schema.ts'
import { Refusal } from '../../errors.ts'
import type { Project } from '../../policy/types.ts'
import type { Admission, AppProfile } from '../profile.ts'
import { buildBodyRules } from './body-rules.ts'
import { buildClassifier, CATALOGUES } from './catalogue.ts'
import { mlflowRefusal } from './refusal.ts'
import { answerFor, isAnswered } from './replies.ts'
import { sandboxUploads } from './sandbox.ts'
import { serverInfoRule } from './server-info.ts'
import { Workspaces } from './workspaces.ts'

const WORKSPACE_HEADER = 'x-mlflow-workspace'
/** Artifact names may hold what URLs give a meaning elsewhere. */
const ARTIFACT = /^\/(?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts\//

/** What a tenancy adds to the profile: where a project's data lies and how a request is bound to it. */
type Tenancy = Pick<AppProfile, 'headers' | 'prepare' | 'upstream'>

/**
 * MLflow behind the gateway: every request is in the route catalogue of the release or refused, belongs to exactly one
 * project, and cannot name another author or another project's data in its body.
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
    // The server refuses a foreign Origin even for searches; the gateway has judged it already.
    dropRequestHeaders: new Set([WORKSPACE_HEADER, 'origin']),
    cookies: 'none',
    authorization: 'none',
    allowsInPath: (what, path) => what === 'semicolon' && ARTIFACT.test(path),
    use: ({ method, decodedPath }) => (isAnswered(method, decodedPath) ? 'read' : classify(method, decodedPath)),
    answer: answerFor,
    bodyRule: buildBodyRules(limits, shared),
    responseRule: serverInfoRule,
    responseHeaders: sandboxUploads,
    refusal: mlflowRefusal,
    ...(shared ? workspaceTenancy(route.upstream, clock) : instanceTenancy(settings.instances)),
  }
}

/** One MLflow, a workspace a project: it exists before the first request, and every request names it. */
function workspaceTenancy(upstream: string, clock: Clock): Tenancy {
  const workspaces = new Workspaces(upstream, clock)
  return {
    prepare: (admitted) => workspaces.ensure(projectOf(admitted)),
    headers: (admitted) => ({ 'X-MLFLOW-WORKSPACE': projectOf(admitted).id }),
  }
}

/** An MLflow a project: nothing is shared, and nothing needs a name. */
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

/** Without a workspace MLflow would take its `default`, whose artifacts contain everybody's: such a request ends here. */
function projectOf({ project }: Admission): Project {
  if (project) return project
  throw new Refusal('project-missing', 'a request for MLflow was admitted without a project')
}
