import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config, RouteConfig } from '../schema.ts'
import { airflowErrors } from './airflow.ts'
import { mlflowErrors } from './mlflow.ts'
import { stepUpErrors } from './step-up.ts'

export function routeErrors(routes: Config['routes'], publicUrl: string): CheckError[] {
  return [
    ...duplicateErrors(routes, publicUrl),
    ...routes.flatMap((route, index) => ownErrors(route, `routes.${index}`)),
  ]
}

function duplicateErrors(routes: Config['routes'], publicUrl: string): CheckError[] {
  const names = new Map<string, number>()
  const places = new Map<string, number>()
  const publicHost = new URL(publicUrl).host
  return routes.flatMap((route, index) => {
    const errors: CheckError[] = []
    const place = `${route.host ?? publicHost}${route.path}`
    const [sameName, samePlace] = [names.get(route.name), places.get(place)]
    if (sameName !== undefined) {
      const got = `the name of routes.${sameName}`
      errors.push({ path: `routes.${index}.name`, expected: 'a unique name', got, hint: 'Rename one of the routes.' })
    }
    if (samePlace !== undefined) {
      const got = `those of routes.${samePlace}`
      const hint = 'Change the path or the host of one of the routes.'
      errors.push({ path: `routes.${index}.path`, expected: 'a unique host and path', got, hint })
    }
    names.set(route.name, index)
    places.set(place, index)
    return errors
  })
}

/** The gateway forwards neither: TRACE and TRACK reflect credentials (RFC 9110 §9.3.8), CONNECT opens a tunnel. */
const FORBIDDEN = ['TRACE', 'TRACK', 'CONNECT']

function ownErrors(route: RouteConfig, path: string): CheckError[] {
  const errors: CheckError[] = []
  if (new URL(route.upstream).pathname !== '/') {
    const hint = 'Remove the path; the gateway forwards the path of the request.'
    errors.push({ path: `${path}.upstream`, expected: 'an origin without path, e.g. http://127.0.0.1:5000', hint })
  }
  if (route.path === '/auth' || route.path.startsWith('/auth/')) {
    const hint = 'The gateway itself serves /auth. Choose another path.'
    errors.push({ path: `${path}.path`, expected: 'a path outside /auth', hint })
  }
  const forbidden = route.methods.filter((method) => FORBIDDEN.includes(method))
  if (forbidden.length > 0) {
    const hint = 'Remove them; they are never forwarded.'
    errors.push({ path: `${path}.methods`, expected: 'none of TRACE, TRACK, CONNECT', got: forbidden.join(', '), hint })
  }
  for (const app of ['mlflow', 'airflow'] as const) {
    if (!route[app] || route.app === app) continue
    const hint = `Remove \`${app}\`, or set app: ${app}.`
    errors.push({ path: `${path}.${app}`, expected: `no \`${app}\` where app is ${route.app}`, hint })
  }
  return [...errors, ...mlflowErrors(route, path), ...airflowErrors(route, path), ...stepUpErrors(route, path)]
}
