import { CATALOGUES } from '../../gateway/apps/mlflow/catalogue/catalogue.ts'
import type { RouteConfig } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { airflowRelease, mlflowRelease } from './identify.ts'
import { parseJson, probe } from './probe.ts'
import type { Upstream } from './upstream.ts'

/** Whether it is MLflow, of the configured release, and with workspaces if projects are workspaces. @throws Unreachable */
export async function mlflowErrors(route: RouteConfig, upstream: Upstream): Promise<CheckError[]> {
  const release = await mlflowRelease(upstream.url)
  if (release === undefined) return [await notMlflow(route, upstream)]
  const workspaces = route.mlflow?.tenancy === 'instance' ? [] : await workspaceErrors(upstream)
  return [...releaseErrors(release, route, upstream), ...workspaces]
}

async function notMlflow({ path: prefix }: RouteConfig, { path, url }: Upstream): Promise<CheckError> {
  const airflow = (await airflowRelease(url, '')) ?? (await airflowRelease(url, prefix))
  const got = airflow === undefined ? 'something else at /version' : `Airflow ${airflow}`
  const hint = airflow === undefined ? 'Correct the upstream.' : 'Set app: airflow, or correct the upstream.'
  return { path, expected: 'MLflow, because app is mlflow', got, hint }
}

function releaseErrors(release: string, { mlflow }: RouteConfig, { index }: Upstream): CheckError[] {
  const minor = release.split('.').slice(0, 2).join('.')
  const known = Object.keys(CATALOGUES)
  const configured = mlflow?.version ?? known.at(-1)
  if (minor === configured) return []
  const path = `routes.${index}.mlflow.version`
  const got = `"${configured}"`
  if (known.includes(minor)) {
    const expected = `"${minor}", because the MLflow behind the route is ${release}`
    return [{ path, expected, got, hint: `Set mlflow: { version: "${minor}" } in the route.` }]
  }
  const hint = `Use a release of MLflow that the gateway knows: ${known.join(' or ')}.`
  return [{ path, expected: `the release of the MLflow behind the route, which is ${release}`, got, hint }]
}

async function workspaceErrors({ path, url }: Upstream): Promise<CheckError[]> {
  const { status, text } = await probe(new URL('/api/3.0/mlflow/server-info', url).href)
  if (status === 403) {
    const hint = `Start MLflow with --allowed-hosts ${new URL(url).host}.`
    return [{ path, expected: 'an MLflow that accepts the host of its upstream URL', got: 'status 403', hint }]
  }
  if (parseJson(text).workspaces_enabled === true) return []
  const hint = 'Start MLflow with --enable-workspaces, or run one MLflow per project and set mlflow.tenancy: instance.'
  return [{ path, expected: 'an MLflow with workspaces', got: 'an MLflow without workspaces', hint }]
}
