import { isSlug, RESERVED_SEGMENTS } from '../../../shared/project-name.ts'
import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config, ProjectConfig } from '../schema.ts'

type ProjectList = readonly (ProjectConfig | undefined)[]

/** Names of teams in Airflow 3.3. */
const TEAM_NAME = /^[a-zA-Z0-9_-]{3,50}$/

/** @param path Of the list; empty if it is the whole file */
export const projectListErrors = (list: ProjectList, path: string): CheckError[] => [
  ...duplicateIds(list, path),
  ...nameErrors(list, path),
]

const placeOf = (path: string, key: string) => (path ? `${path}.${key}` : key)

function duplicateIds(list: ProjectList, path: string): CheckError[] {
  const seen = new Map<string, number>()
  return list.flatMap((project, index): CheckError[] => {
    if (project === undefined) return []
    const same = seen.get(project.id)
    seen.set(project.id, index)
    if (same === undefined) return []
    const at = placeOf(path, `${index}.id`)
    return [{ path: at, expected: 'a unique ID', got: `the ID of entry ${same}`, hint: 'Remove the duplicate.' }]
  })
}

/**
 * Names lead to one project each, in URLs and as teams and tags of Airflow, and hide no path of the application. Previous
 * names that do not work in URLs are free.
 */
function nameErrors(list: ProjectList, path: string): CheckError[] {
  const seen = new Map<string, number>()
  return list.flatMap((project, index) => {
    const previous = (project?.previousNames ?? []).map((name, at) => ({ name, key: `previousNames.${at}` }))
    const names = project === undefined ? [] : [{ name: project.name, key: 'name' }, ...previous]
    return names.flatMap(({ name, key }): CheckError[] => {
      if (!isSlug(name) && key !== 'name') return []
      const at = placeOf(path, `${index}.${key}`)
      const same = seen.get(name)
      seen.set(name, index)
      if (RESERVED_SEGMENTS.has(name)) {
        const hint = `Choose another name: /mlflow/${name} is a path of MLflow.`
        return [{ path: at, expected: 'a name that is no path of MLflow', got: `"${name}"`, hint }]
      }
      if (same === undefined) return []
      const hint = isSlug(name)
        ? 'Choose another name: URLs such as /mlflow/alpha/ lead to one project.'
        : 'Rename one of the projects.'
      return [{ path: at, expected: 'a unique name', got: `"${name}", as in entry ${same}`, hint }]
    })
  })
}

/** Where Airflow's teams are named after projects, each name must be one that a team can have. */
export function teamNameErrors(list: ProjectList, path: string, routes: Config['routes']): CheckError[] {
  if (!routes.some(({ airflow }) => airflow?.projectKey === 'name')) return []
  const expected = '3 to 50 letters, digits, `_` and `-`, because an Airflow team has this name'
  const hint = 'Rename the project, or set routes[].airflow.projectKey: id and name the teams after UUIDs.'
  return list.flatMap((project, index): CheckError[] =>
    project === undefined || TEAM_NAME.test(project.name)
      ? []
      : [{ path: placeOf(path, `${index}.name`), expected, hint }],
  )
}

type CoreProjects = Extract<Config['projects'], { source: 'core' }>

export function serviceUserErrors({ clientId, clientSecret }: CoreProjects): CheckError[] {
  if ((clientId === undefined) === (clientSecret === undefined)) return []
  const missing = clientId === undefined ? 'clientId' : 'clientSecret'
  const hint = 'Set both, or neither to use the client of the gateway.'
  return [{ path: `projects.${missing}`, expected: 'clientId and clientSecret', got: 'only one of them', hint }]
}
