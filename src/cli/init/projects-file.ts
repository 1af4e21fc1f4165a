import type { ProjectAnswer } from './answers.ts'

/** `projects.yaml`. @param idOf The UUID of a project by its name */
export function projectsFile(projects: readonly ProjectAnswer[], idOf: (name: string) => string): string {
  const rows = projects.map(
    ({ name, group }) =>
      `- id: ${idOf(name)}\n  name: ${JSON.stringify(name)}\n  groups: [${JSON.stringify(group)}]\n  viewerGroups: []\n`,
  )
  return `# The projects and the groups that have access to them. The gateway reads changes of this file by itself.\n${rows.join('')}`
}
