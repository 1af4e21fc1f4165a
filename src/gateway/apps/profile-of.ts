import type { RouteConfig } from '../config/schema.ts'
import { airflowProfile } from './airflow/profile.ts'
import { coreProfile } from './core/profile.ts'
import { genericProfile } from './generic/profile.ts'
import { buildMlflowProfile } from './mlflow/profile.ts'
import type { AppEvent, AppProfile } from './profile.ts'

/**
 * The profile of a route's application, with the route's own settings applied.
 * @param record Writes a line of the audit log. Default: none is written.
 */
export function profileOf(route: RouteConfig, record: (event: AppEvent) => void = () => {}): AppProfile {
  const profile = profileByApp(route, record)
  return route.authorization === undefined ? profile : { ...profile, authorization: route.authorization }
}

function profileByApp(route: RouteConfig, record: (event: AppEvent) => void): AppProfile {
  if (route.app === 'mlflow') return buildMlflowProfile(route, { record })
  if (route.app === 'core') return coreProfile
  if (route.app === 'airflow') return airflowProfile(route)
  return genericProfile
}
