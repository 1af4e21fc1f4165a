import * as z from 'zod'
import type { ClientConfig } from '../../gateway/signin/client-config.ts'
import { parseProjectId } from '../../shared/project-id.ts'
import { CliError } from '../cli-error.ts'

export interface ClientEnv {
  variables: Record<string, string>
  /** For the user: what a variable cannot express. */
  hints: string[]
}

/**
 * The public address of the gateway's route to the application.
 * @throws CliError that names the routes to choose from
 */
export function routeUrl(config: ClientConfig, app: string, name: string | undefined): string {
  const routes = config.routes.filter((route) => route.app === app && (name === undefined || route.name === name))
  const [route] = routes
  if (route !== undefined && routes.length === 1) return route.url
  const known = config.routes.filter((route) => route.app === app).map((route) => route.name)
  if (known.length === 0) throw new CliError(`This gateway has no route to ${app}`)
  throw new CliError(`--route: expected one of ${known.join(', ')}, got ${name ?? 'nothing'}`)
}

/** What MLflow's client needs. The project is part of the URL, so that no header must be set. */
export function mlflowEnv(gateway: string, url: string, project: string, token: string, plugin: boolean): ClientEnv {
  const variables = {
    MLFLOW_TRACKING_URI: `${url}/${project}`,
    MODELOPS_GATEWAY: gateway,
    MODELOPS_PROJECT: project,
  }
  if (plugin) return { variables: { ...variables, MLFLOW_TRACKING_AUTH: 'modelops' }, hints: [] }
  return {
    variables: { ...variables, MLFLOW_TRACKING_TOKEN: token },
    hints: ['The token expires within minutes. For longer work, install modelops-gateway-mlflow and add --plugin.'],
  }
}

/** What Airflow's clients need. airflowctl reads its URL only from a file, hence the hint. */
export function airflowEnv(gateway: string, url: string, project: string | undefined, token: string): ClientEnv {
  return {
    variables: {
      AIRFLOW_API_URL: url,
      AIRFLOW_CLI_TOKEN: token,
      MODELOPS_GATEWAY: gateway,
      ...(project === undefined ? {} : { MODELOPS_PROJECT: project }),
    },
    hints: [
      'airflowctl reads its URL from a file. Run once: airflowctl auth login --api-url "$AIRFLOW_API_URL" --skip-keyring',
    ],
  }
}

const sessionSchema = z.object({ projects: z.array(z.object({ id: z.string(), name: z.string() })) })

/**
 * The UUID of a project that the user named by UUID or by name.
 * @throws CliError if none or several of the user's projects have the name
 */
export async function projectId(gateway: string, token: string, named: string): Promise<string> {
  const id = parseProjectId(named)
  if (id !== undefined) return id
  const response = await fetch(`${gateway}/auth/session`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(15_000),
  }).catch((error: unknown) => {
    throw new CliError(`${gateway} cannot be reached`, { cause: error })
  })
  const parsed = sessionSchema.safeParse(await response.json().catch(() => undefined))
  if (!response.ok || !parsed.success) {
    throw new CliError(`${gateway}/auth/session: expected your projects, got status ${response.status}; name the UUID`)
  }
  const { projects } = parsed.data
  const [match, another] = projects.filter((project) => project.name === named)
  if (match !== undefined && another === undefined) return match.id
  if (another !== undefined) throw new CliError(`--project: several projects are named "${named}"; name the UUID`)
  const names = projects.map((project) => project.name).join(', ') || 'none'
  throw new CliError(`--project: expected one of your projects (${names}), got "${named}"`)
}
