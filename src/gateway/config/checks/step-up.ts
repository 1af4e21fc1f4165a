import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config, RouteConfig } from '../schema.ts'

const demandsStepUp = ({ acr, maxAgeSeconds }: RouteConfig) => acr !== undefined || maxAgeSeconds !== undefined

export function stepUpErrors(route: RouteConfig, path: string): CheckError[] {
  const { acr, stepUpMachines, access } = route
  const errors: CheckError[] = []
  if (demandsStepUp(route) && access === 'public') {
    const key = acr === undefined ? 'maxAgeSeconds' : 'acr'
    const hint = `Remove ${key}, or set access to login, member, project or admin.`
    errors.push({ path: `${path}.${key}`, expected: 'a route on which users sign in', got: 'access: public', hint })
  }
  if (stepUpMachines !== undefined && !demandsStepUp(route)) {
    const hint = 'Remove stepUpMachines, or set acr or maxAgeSeconds.'
    errors.push({ path: `${path}.stepUpMachines`, expected: 'acr or maxAgeSeconds beside it', got: 'neither', hint })
  }
  if (acr !== undefined && new Set(acr).size < acr.length)
    errors.push({ path: `${path}.acr`, expected: 'unique values', hint: 'Remove the duplicate.' })
  return errors
}

/**
 * Ways around a step-up: another route leads to the same application and demands less. Where the path is forwarded as it
 * is, a route is safe from a wider one on its host: the request path never takes a path of the narrower one for its own.
 */
export function stepUpWarnings({ routes, server }: Pick<Config, 'routes' | 'server'>): CheckError[] {
  const publicHost = new URL(server.publicUrl).host
  return routes.flatMap((strict, index) =>
    routes
      .filter((other) => leadsAround(strict, other, publicHost))
      .map(({ name }) => ({
        path: `routes.${index}`,
        expected: `the same acr and maxAgeSeconds on every route to ${new URL(strict.upstream).origin}`,
        got: `less on the route ${name}`,
        hint: `Whoever uses ${name} does not step up. Set them on ${name} too, or make sure that it leads to nothing that ${strict.name} protects.`,
      })),
  )
}

function leadsAround(strict: RouteConfig, other: RouteConfig, publicHost: string): boolean {
  if (other === strict || !sharesUpstream(strict, other) || !demandsLess(other, strict)) return false
  const sameHost = (strict.host ?? publicHost) === (other.host ?? publicHost)
  const isWider = other.path === '/' || strict.path.startsWith(`${other.path}/`)
  return !(sameHost && isWider && keepsPath(strict) && keepsPath(other))
}

/** MLflow and the core API get no path of the route, so that two paths lead to the same place. */
const keepsPath = ({ app }: RouteConfig) => app === 'generic' || app === 'airflow'

const originsOf = ({ upstream, mlflow }: RouteConfig) =>
  [upstream, ...Object.values(mlflow?.instances ?? {})].map((url) => new URL(url).origin)

const sharesUpstream = (one: RouteConfig, other: RouteConfig) =>
  originsOf(one).some((origin) => originsOf(other).includes(origin))

function demandsLess(other: RouteConfig, { acr, maxAgeSeconds, stepUpMachines }: RouteConfig): boolean {
  if (acr !== undefined && (other.acr === undefined || other.acr.some((value) => !acr.includes(value)))) return true
  if (maxAgeSeconds !== undefined && (other.maxAgeSeconds ?? Number.POSITIVE_INFINITY) > maxAgeSeconds) return true
  return (
    (acr !== undefined || maxAgeSeconds !== undefined) && stepUpMachines !== 'allow' && other.stepUpMachines === 'allow'
  )
}
