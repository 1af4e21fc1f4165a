import { parseProjectId } from '../../shared/project-id.ts'
import { appUrl } from '../config/route-url.ts'
import { Refusal } from '../errors.ts'
import { pageReply } from '../http/reply.ts'
import type { ConnectSection } from '../pages/connect-page.ts'
import { currentProjectOf } from '../projects/current-projects-of.ts'
import { takenSegments, urlSegmentOf } from '../projects/url-segment.ts'
import { packageUrlOf } from './clients.ts'
import type { SignInContext } from './sign-in-context.ts'
import { queryOf, type SignInHandler } from './sign-in-request.ts'
import { signedIn } from './signed-in.ts'

/** `GET /auth/connect?project=UUID`: commands and variables for one of the user's projects. It contains no token. */
export function showConnect(context: SignInContext): SignInHandler {
  const taken = takenSegments(context.config.routes)
  return async (request) => {
    const { principal } = await signedIn(context, request)
    const wanted = queryOf(request).get('project') ?? ''
    const id = parseProjectId(wanted)
    if (id === undefined) throw new Refusal('project-malformed', 'project: expected a UUID')
    const project = currentProjectOf(context, principal, id)
    if (project === undefined) throw new Refusal('not-in-project', 'project: not reachable')
    const facts = factsOf(context, { id, segment: urlSegmentOf(context.projects, project, taken) })
    const sections = [python(facts), commandLine(facts), pipeline(facts)]
    return pageReply(200, context.pages.connect({ who: principal, project, sections }))
  }
}

interface Facts {
  readonly gateway: string
  readonly issuer: string
  readonly id: string
  /** Of MLflow, with the project in it. */
  readonly trackingUri: string | undefined
  readonly airflow: string | undefined
  readonly core: string | undefined
  /** The Python package that the gateway serves. */
  readonly packageUrl: string | undefined
  /** Whether people can sign in at a terminal. */
  readonly canSignIn: boolean
}

function factsOf(context: SignInContext, project: { id: string; segment: string }): Facts {
  const { config } = context
  const { server, issuer } = config
  const mlflow = appUrl(config, 'mlflow')
  return {
    gateway: server.publicUrl,
    issuer: issuer.url,
    id: project.id,
    trackingUri: mlflow && `${mlflow}/${project.segment}`,
    airflow: appUrl(config, 'airflow'),
    core: appUrl(config, 'core'),
    packageUrl: packageUrlOf(context),
    canSignIn: issuer.cliClientId !== undefined,
  }
}

const lines = (...parts: (string | undefined | false)[]) => parts.filter((part) => part).join('\n')
const variable = (name: string, value: string | undefined) => value !== undefined && `export ${name}=${value}`

function python({ gateway, id, trackingUri, packageUrl, canSignIn }: Facts): ConnectSection {
  const withPackage = packageUrl !== undefined
  const install = lines('pip install mlflow', withPackage && `pip install ${packageUrl}`)
  const signIn = withPackage
    ? `python -m modelops_gateway_mlflow login ${gateway}`
    : `modelops-gateway login --gateway ${gateway}`
  const variables = lines(
    variable('MLFLOW_TRACKING_URI', trackingUri),
    withPackage && 'export MLFLOW_TRACKING_AUTH=modelops',
    withPackage && variable('MODELOPS_GATEWAY', gateway),
    !withPackage && 'export MLFLOW_TRACKING_TOKEN="$(modelops-gateway token)"',
    variable('MODELOPS_PROJECT', id),
  )
  return {
    title: 'From Python',
    about: canSignIn
      ? 'Install, sign in once, and set the variables. MLflow then works as it is.'
      : 'This gateway offers no sign-in at a terminal. Ask your administrator for a client, as for a pipeline.',
    snippets: [
      { label: 'Install the packages', text: install },
      ...(canSignIn ? [{ label: 'Sign in', text: signIn }] : []),
      { label: 'Variables for MLflow', text: variables },
    ],
  }
}

function commandLine({ gateway, id, trackingUri, airflow, core, canSignIn }: Facts): ConnectSection {
  const authorization = '-H "Authorization: Bearer $(modelops-gateway token)"'
  const snippets = [
    { label: 'Sign in', text: `modelops-gateway login --gateway ${gateway}` },
    ...(trackingUri ? [{ label: 'Set up MLflow', text: `eval "$(modelops-gateway env mlflow --project ${id})"` }] : []),
    ...(airflow ? [{ label: 'Set up Airflow', text: `eval "$(modelops-gateway env airflow --project ${id})"` }] : []),
    ...(core
      ? [
          {
            label: 'Send a request to the core API',
            text: `curl ${authorization} -H "AOA-Project-ID: ${id}" ${core}/api/projects`,
          },
        ]
      : []),
  ]
  return {
    title: 'From the command line',
    about: canSignIn
      ? 'You sign in with your own account, and your shell gets the variables.'
      : 'This gateway offers no sign-in at a terminal (issuer.cliClientId).',
    snippets: canSignIn ? snippets : [],
  }
}

function pipeline({ gateway, issuer, id, trackingUri, airflow, core, packageUrl }: Facts): ConnectSection {
  const token = lines(
    `token_endpoint=$(curl -fsS ${issuer.replace(/\/$/, '')}/.well-known/openid-configuration | jq -r .token_endpoint)`,
    'token=$(curl -fsS -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials "$token_endpoint" | jq -r .access_token)',
  )
  return {
    title: 'From a pipeline (CI)',
    about:
      'A pipeline has a client of its own at the sign-in service, in a group of the project. Ask your administrator for its ID and secret. Never use your password.',
    snippets: [
      ...(packageUrl && trackingUri
        ? [
            {
              label: 'Variables for MLflow in a job',
              text: lines(
                `pip install ${packageUrl}`,
                variable('MLFLOW_TRACKING_URI', trackingUri),
                'export MLFLOW_TRACKING_AUTH=modelops',
                variable('MODELOPS_GATEWAY', gateway),
                variable('MODELOPS_PROJECT', id),
                'export MODELOPS_CLIENT_ID=CLIENT_ID',
                'export MODELOPS_CLIENT_SECRET_FILE=/run/secrets/CLIENT_SECRET',
              ),
            },
          ]
        : []),
      { label: 'Get a token', text: token },
      {
        label: 'Variables with that token',
        text: lines(
          variable('MLFLOW_TRACKING_URI', trackingUri),
          trackingUri && 'export MLFLOW_TRACKING_TOKEN="$token"',
          variable('AIRFLOW_API_URL', airflow),
          airflow && 'export AIRFLOW_CLI_TOKEN="$token"',
          variable('VMO_URL', core),
          core && 'export VMO_API_AUTH_BEARER_TOKEN="$token"',
          variable('MODELOPS_PROJECT', id),
        ),
      },
    ],
  }
}
