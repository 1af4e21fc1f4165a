import type { CheckError } from '../../../shared/settings/load-settings.ts'
import type { Config, ProjectConfig } from '../schema.ts'

/** @param path Of the list; empty if it is the whole file */
export function duplicateProjects(list: readonly (ProjectConfig | undefined)[], path: string): CheckError[] {
  const seen = new Map<string, number>()
  return list.flatMap((project, index): CheckError[] => {
    if (project === undefined) return []
    const same = seen.get(project.id)
    seen.set(project.id, index)
    if (same === undefined) return []
    const at = path ? `${path}.${index}.id` : `${index}.id`
    return [{ path: at, expected: 'a unique ID', got: `the ID of entry ${same}`, hint: 'Remove the duplicate.' }]
  })
}

type CoreProjects = Extract<Config['projects'], { source: 'core' }>

export function serviceUserErrors({ clientId, clientSecret }: CoreProjects): CheckError[] {
  if ((clientId === undefined) === (clientSecret === undefined)) return []
  const missing = clientId === undefined ? 'clientId' : 'clientSecret'
  const hint = 'Set both, or neither to use the client of the gateway.'
  return [{ path: `projects.${missing}`, expected: 'clientId and clientSecret', got: 'only one of them', hint }]
}
