import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { RouteConfig } from '../schema.ts'

/** Errors of a route to MLflow that its fields do not show one by one. */
export function mlflowErrors(route: RouteConfig, path: string): CheckError[] {
  if (route.app !== 'mlflow') return []
  const errors: CheckError[] = []
  if (route.access !== 'project') {
    const hint = 'Without a project, MLflow would show the data of all projects.'
    errors.push({ path: `${path}.access`, expected: '"project" for app: mlflow', hint })
  }
  const { tenancy = 'workspace', instances = {} } = route.mlflow ?? {}
  const given = Object.keys(instances).length
  const at = `${path}.mlflow.instances`
  if (tenancy === 'instance' && given === 0) {
    const hint = 'Add `instances: { PROJECT_UUID: URL }`.'
    errors.push({ path: at, expected: 'an upstream for each project, because tenancy is instance', got: 'none', hint })
  }
  if (tenancy === 'workspace' && given > 0) {
    const hint = 'Set tenancy: instance, or remove `instances`.'
    errors.push({ path: at, expected: 'no instances, because tenancy is workspace', got: `${given} of them`, hint })
  }
  return [...errors, ...instanceErrors(instances, at)]
}

/** Two projects that share an instance are not isolated from each other; only workspaces do that. */
function instanceErrors(instances: Readonly<Record<string, string>>, at: string): CheckError[] {
  const owners = new Map<string, string>()
  return Object.entries(instances).flatMap(([project, text]): CheckError[] => {
    const { origin, pathname } = new URL(text)
    const path = `${at}.${project}`
    const owner = owners.get(origin)
    owners.set(origin, project)
    if (pathname !== '/') return [{ path, expected: 'an origin without path', hint: 'Remove the path.' }]
    if (owner === undefined) return []
    const hint = 'Run an MLflow for each project, or set tenancy: workspace.'
    return [{ path, expected: 'an upstream that no other project has', got: `the upstream of ${owner}`, hint }]
  })
}
