import { randomBytes } from 'node:crypto'
import { delimiter, join } from 'node:path'
import { checkout } from './directories.ts'

/** A folder of DAGs. With a team, it belongs to the project with that ID. */
export interface DagBundle {
  readonly name: string
  readonly path: string
  readonly team?: string
}

export interface AirflowSettings {
  /** The gateway's `server.publicUrl`. */
  readonly gatewayUrl: string
  /** Path of the gateway's route, e.g. `/airflow`. */
  readonly path: string
  readonly bundles: readonly DagBundle[]
  /** As `airflow.login` of the route. */
  readonly login: 'assertion' | 'fab'
  /** With FAB: group to project. Each group becomes a role that opens the DAGs with the project's tag. */
  readonly fabGroups?: Record<string, string>
  readonly env?: Record<string, string>
}

const AUTH_MANAGERS = {
  assertion: 'modelops_gateway_airflow.manager.GatewayAuthManager',
  fab: 'modelops_gateway_airflow.fab.GatewayFabAuthManager',
}

/**
 * Configuration of one Airflow as environment variables: sqlite, two workers at most, secrets of its own.
 * @param ports Free ports for the servers of log files and of the scheduler's health.
 */
export function airflowEnvironment(
  { gatewayUrl, path, bundles, login, env = {}, dir }: AirflowSettings & { dir: string },
  port: number,
  [logPort, healthPort]: [number, number],
): Record<string, string> {
  const teams = login === 'assertion' && bundles.some(({ team }) => team !== undefined)
  return {
    AIRFLOW_HOME: dir,
    PYTHONPATH: [
      join(checkout, 'infra', 'airflow', 'auth-manager', 'src'),
      join(checkout, 'infra', 'mlflow', 'client', 'src'),
    ].join(delimiter),
    AIRFLOW__CORE__AUTH_MANAGER: AUTH_MANAGERS[login],
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__PARALLELISM: '2',
    AIRFLOW__CORE__MULTI_TEAM: teams ? 'True' : 'False',
    AIRFLOW__CORE__FERNET_KEY: secret(32),
    // The default is the public address. Workers would reach the gateway, which does not accept their tokens.
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `http://127.0.0.1:${port}${path}/execution/`,
    AIRFLOW__API__BASE_URL: `${gatewayUrl}${path}`,
    AIRFLOW__API__WORKERS: '1',
    AIRFLOW__API__SECRET_KEY: secret(32),
    AIRFLOW__API_AUTH__JWT_SECRET: secret(64),
    AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST: JSON.stringify(bundles.map((each) => bundleConfig(each, teams))),
    AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL: '30',
    AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT: String(logPort),
    AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT: String(healthPort),
    AIRFLOW__MODELOPS_GATEWAY__ISSUER: gatewayUrl,
    AIRFLOW__FAB__CONFIG_FILE: join(checkout, 'infra', 'airflow', 'webserver_config.py'),
    GATEWAY_URL: gatewayUrl,
    ...env,
  }
}

const secret = (bytes: number) => randomBytes(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_')

const bundleConfig = ({ name, path, team }: DagBundle, teams: boolean) => ({
  name,
  classpath: 'airflow.dag_processing.bundles.local.LocalDagBundle',
  kwargs: { path },
  ...(teams && team !== undefined ? { team_name: team } : {}),
})
