import type { RouteConfig } from '../config/schema.ts'
import { airflowProfile } from './airflow/profile.ts'
import { coreProfile } from './core/profile.ts'
import { genericProfile } from './generic/profile.ts'
import { buildMlflowProfile } from './mlflow/profile.ts'
import type { AppProfile } from './profile.ts'

/** The profile of a route's application, with the route's own settings applied. */
export function profileOf(route: RouteConfig): AppProfile {
  const profile = profileByApp(route)
  return route.authorization === undefined ? profile : { ...profile, authorization: route.authorization }
}

function profileByApp(route: RouteConfig): AppProfile {
  if (route.app === 'mlflow') return buildMlflowProfile(route)
  if (route.app === 'core') return coreProfile
  if (route.app === 'airflow') return airflowProfile(route)
  return genericProfile
}
