import type { FieldError } from '../../shared/settings/field-errors.ts'
import type { RouteConfig } from './schema.ts'

/** Faults of a route to MLflow that its fields do not show one by one. */
export function mlflowFaults(route: RouteConfig, path: string): FieldError[] {
  if (route.app !== 'mlflow') return []
  const faults: FieldError[] = []
  if (route.access !== 'project') {
    faults.push({
      path: `${path}.access`,
      expected: 'project (MLflow without a project would show all of them)',
      got: route.access,
    })
  }
  const { tenancy = 'workspace', instances = {} } = route.mlflow ?? {}
  const given = Object.keys(instances).length
  const at = `${path}.mlflow.instances`
  if (tenancy === 'instance' && given === 0)
    faults.push({ path: at, expected: 'an upstream for each project, where tenancy is instance', got: 'none' })
  if (tenancy === 'workspace' && given > 0)
    faults.push({ path: at, expected: 'nothing, where tenancy is workspace', got: `${given} of them` })
  return [...faults, ...instanceFaults(instances, at)]
}

/** An instance that two projects share isolates neither; only workspaces do that. */
function instanceFaults(instances: Readonly<Record<string, string>>, at: string): FieldError[] {
  const owners = new Map<string, string>()
  return Object.entries(instances).flatMap(([project, text]): FieldError[] => {
    const { origin, pathname } = new URL(text)
    const path = `${at}.${project}`
    const owner = owners.get(origin)
    owners.set(origin, project)
    if (pathname !== '/') return [{ path, expected: 'an origin without path', got: JSON.stringify(text) }]
    return owner === undefined ? [] : [{ path, expected: 'an upstream of its own', got: `the one of ${owner}` }]
  })
}
