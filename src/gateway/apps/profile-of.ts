import type { RouteConfig } from '../config/schema.ts'
import { airflowProfile } from './airflow/profile.ts'
import { coreProfile } from './core/profile.ts'
import { genericProfile } from './generic/profile.ts'
import { buildMlflowProfile, type ProfileDeps } from './mlflow/profile.ts'
import type { AppProfile } from './profile.ts'

/** The profile of a route's application, with the route's own settings applied. By default it uses no network before a request. */
export function profileOf(route: RouteConfig, deps: ProfileDeps = {}): AppProfile {
  const profile = profileByApp(route, deps)
  // The client's `Authorization` is for the upstream exactly where its credentials for the gateway are elsewhere.
  const authorization = route.credentials === 'proxy-authorization' ? 'client' : route.authorization
  return authorization === undefined ? profile : { ...profile, authorization }
}

function profileByApp(route: RouteConfig, deps: ProfileDeps): AppProfile {
  if (route.app === 'mlflow') return buildMlflowProfile(route, deps)
  if (route.app === 'core') return coreProfile
  if (route.app === 'airflow') return airflowProfile(route)
  return genericProfile
}
