import type { RouteConfig } from '../../gateway/config/schema.ts'
import type { CheckError } from '../../shared/settings/load-settings.ts'
import { airflowRelease, mlflowRelease } from './identify.ts'
import type { Upstream } from './upstream.ts'

/** Whether it is Airflow, below the path of the route. @throws Unreachable */
export async function airflowErrors(route: RouteConfig, { path, url, publicUrl }: Upstream): Promise<CheckError[]> {
  const prefix = route.path === '/' ? '' : route.path
  if ((await airflowRelease(url, prefix)) !== undefined) return []
  const mlflow = await mlflowRelease(url)
  if (mlflow !== undefined) {
    const hint = 'Set app: mlflow, or correct the upstream.'
    return [{ path, expected: 'Airflow, because app is airflow', got: `MLflow ${mlflow}`, hint }]
  }
  const elsewhere = prefix === '' ? undefined : await airflowRelease(url, '')
  if (elsewhere === undefined) {
    const got = `something else at ${prefix}/api/v2/version`
    return [{ path, expected: 'Airflow 3, because app is airflow', got, hint: 'Correct the upstream.' }]
  }
  const host = route.host === undefined ? publicUrl : `${new URL(publicUrl).protocol}//${route.host}`
  const hint = `Set base_url of Airflow (section [api]) to ${host}${prefix}.`
  return [{ path, expected: `Airflow below ${prefix}`, got: 'Airflow at /', hint }]
}
