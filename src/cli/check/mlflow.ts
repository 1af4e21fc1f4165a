import { CATALOGUES } from '../../gateway/apps/mlflow/catalogue/catalogue.ts'
import { catalogueFor } from '../../gateway/apps/mlflow/catalogue/release-watch.ts'
import { mlflowSettings, type RouteConfig } from '../../gateway/config/schema.ts'
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

/** The configured catalogue must fit where the gateway does not choose it itself. */
function releaseErrors(release: string, route: RouteConfig, { index }: Upstream): CheckError[] {
  if (isDetected(route)) return []
  const { catalogue, isKnown } = catalogueFor(release)
  const configured = mlflowSettings.parse(route.mlflow ?? {}).version
  if (isKnown && catalogue === configured) return []
  const path = `routes.${index}.mlflow.version`
  const got = `"${configured}"`
  if (isKnown) {
    const expected = `"${catalogue}", because the MLflow behind the route is ${release}`
    return [{ path, expected, got, hint: `Set mlflow: { version: "${catalogue}" } in the route.` }]
  }
  const hint = `Use a release of MLflow that the gateway knows: ${KNOWN}.`
  return [{ path, expected: `the release of the MLflow behind the route, which is ${release}`, got, hint }]
}

const KNOWN = Object.keys(CATALOGUES).join(' or ')

const isDetected = ({ mlflow }: RouteConfig) => {
  const { detectRelease, tenancy } = mlflowSettings.parse(mlflow ?? {})
  return detectRelease && tenancy === 'workspace'
}

/** A release without a catalogue of its own works with the nearest one, less what is new in it. @throws Unreachable */
export async function mlflowWarnings(route: RouteConfig, { path, url }: Upstream): Promise<CheckError[]> {
  const release = isDetected(route) ? await mlflowRelease(url) : undefined
  if (release === undefined) return []
  const { catalogue, isKnown } = catalogueFor(release)
  if (isKnown) return []
  const hint = `The catalogue of ${catalogue} is used. Requests that it does not list are denied.`
  return [{ path, expected: `a release of MLflow that the gateway knows: ${KNOWN}`, got: release, hint }]
}

/** Which release is there, and which catalogue is used for it. @throws Unreachable */
export async function mlflowNote(route: RouteConfig, { url }: Upstream): Promise<string | undefined> {
  const release = await mlflowRelease(url)
  if (release === undefined) return undefined
  const { version } = mlflowSettings.parse(route.mlflow ?? {})
  return `route ${route.name}: MLflow ${release}, catalogue ${isDetected(route) ? catalogueFor(release).catalogue : version}`
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
