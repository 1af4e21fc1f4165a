import { routeUrl } from '../config/route-url.ts'
import type { Config } from '../config/schema.ts'
import type { Refusal } from '../errors.ts'
import { currentProjectsOf, type ProjectRules } from '../projects/current-projects-of.ts'
import { takenSegments, urlSegmentOf } from '../projects/url-segment.ts'
import type { RequestContext } from '../routing/request-context.ts'
import type { Route } from '../routing/routes.ts'
import { isBasic } from '../tokens/basic/basic-credentials.ts'
import { credentialsField } from '../tokens/credentials-field.ts'

export interface ClientAdviceDeps extends ProjectRules {
  readonly config: Pick<Config, 'issuer' | 'routes' | 'server'>
}

/** MLflow's own clients, which print the text of an error and are set up with variables. */
const MLFLOW_CLIENT = /^mlflow-(?:python|java|R)-client\//
/** Its client reads no variable but MLFLOW_TRACKING_URI. */
const JAVA_CLIENT = /^mlflow-java-client\//
/** Projects listed at most. */
const LISTED = 10

/**
 * What a program should do next, in the terms of the client that sent the request. Names the caller's own projects and
 * no others. Undefined: the denial's own hint is right.
 */
export type ClientAdvice = (context: RequestContext, denial: Refusal) => string | undefined

export function buildClientAdvice(deps: ClientAdviceDeps): ClientAdvice {
  const { server, issuer, routes } = deps.config
  const taken = takenSegments(routes)
  const signIn =
    issuer.cliClientId === undefined
      ? `Get an access token from ${issuer.url}`
      : `Run \`modelops-gateway login --gateway ${server.publicUrl}\``
  const token = issuer.cliClientId === undefined ? 'it' : 'the output of `modelops-gateway token`'

  function credentials(context: RequestContext, { reason, explain }: Refusal): string | undefined {
    const isApart = credentialsField(context.route) === 'proxy-authorization'
    if (isApart)
      return `${reason === 'token-invalid' ? `${explain} ` : ''}${signIn}, then send ${token} in \`Proxy-Authorization: Bearer\`. The Authorization header is for the application.`
    const { authorization = '' } = context.head.headers
    const isMlflow = isMlflowClient(context)
    const next = tokenStep(context, token)
    if (isBasic(authorization)) {
      const rule = context.route?.config.basicCredentials
        ? 'Send the ID and the secret of a client of the issuer; the user name and password of a person are not accepted'
        : 'A user name and a password are not accepted here'
      return `${rule}. ${signIn}, then ${isMlflow ? 'unset MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, and ' : ''}${next}.`
    }
    if (!isMlflow) return undefined
    return `${reason === 'token-invalid' ? `${explain} ` : ''}${signIn}, then ${next}.`
  }

  function trackingUri(context: RequestContext, route: Route): string {
    const url = `${routeUrl(server, route.config)}/<project>`
    const own = ownProjects(deps, context, taken)
    if (own === undefined) return `Set MLFLOW_TRACKING_URI to ${url}.`
    if (own.length === 0)
      return 'You are not a member of any project. Ask an administrator to add you to a project group.'
    const more = own.length > LISTED ? ` and ${own.length - LISTED} more` : ''
    return `Set MLFLOW_TRACKING_URI to ${url}. Your projects: ${own.slice(0, LISTED).join(', ')}${more}.`
  }

  function project(context: RequestContext, { reason, explain }: Refusal): string | undefined {
    const { route, head } = context
    if (route === undefined || !isMlflowClient(context)) return undefined
    const workspace = head.headers['x-mlflow-workspace'] !== undefined
    if (reason === 'project-ambiguous')
      return 'Name the project in MLFLOW_TRACKING_URI alone: unset MLFLOW_WORKSPACE and MODELOPS_PROJECT.'
    if (reason === 'not-in-project' && workspace)
      return `MLflow's workspace is none of your projects. Unset MLFLOW_WORKSPACE, and set MLFLOW_TRACKING_AUTH to kubernetes if it is kubernetes-namespaced. ${trackingUri(context, route)}`
    if (reason === 'project-malformed')
      return workspace ? `MLFLOW_WORKSPACE must be a UUID. Unset it. ${trackingUri(context, route)}` : explain
    return trackingUri(context, route)
  }

  return (context, denial) => {
    switch (denial.reason) {
      case 'login-required':
      case 'token-invalid':
        return credentials(context, denial)
      case 'project-missing':
      case 'project-malformed':
      case 'project-ambiguous':
      case 'not-in-project':
        return project(context, denial)
      default:
        return undefined
    }
  }
}

function tokenStep(context: RequestContext, token: string): string {
  if (!isMlflowClient(context)) return `send ${token} in \`Authorization: Bearer\``
  return JAVA_CLIENT.test(context.head.headers['user-agent'] ?? '')
    ? `create the client with \`new MlflowClient(new BasicMlflowHostCreds(uri, token))\`, where the token is ${token}`
    : `set MLFLOW_TRACKING_TOKEN to ${token}`
}

const isMlflowClient = ({ route, head }: RequestContext) =>
  route?.profile.app === 'mlflow' && MLFLOW_CLIENT.test(head.headers['user-agent'] ?? '')

/** How the caller's own projects are named in URLs; undefined while the caller or the projects are not known. */
function ownProjects(deps: ProjectRules, { caller }: RequestContext, taken: ReadonlySet<string>): string[] | undefined {
  if (caller === undefined || deps.projects.snapshot() === undefined) return undefined
  return currentProjectsOf(deps, caller.principal).map((reached) => urlSegmentOf(deps.projects, reached.project, taken))
}
