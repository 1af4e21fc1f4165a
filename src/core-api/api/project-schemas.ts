import { z } from 'zod'
import type { ProjectRecord } from '../store/projects.ts'
import { links, pageOf } from './hal.ts'
import { instant, line, nameText, prose, uuidText } from './text.ts'

const groupList = z.array(line(300).min(1)).max(1000)

const writable = {
  name: nameText,
  description: prose(4000).nullable(),
  gitRepositoryUrl: line(2000).nullable(),
  branch: line(300).nullable(),
  archived: z.boolean(),
  groups: groupList.describe('Security groups whose members may read and write.'),
  viewerGroups: groupList.describe('Security groups whose members may read.'),
}

/** What the published client sends along and this service keeps nothing of. */
const clientOnly = {
  isChecked: z.boolean().optional(),
  gitCredentials: z
    .strictObject({ source: z.literal('none') })
    .optional()
    .describe('No credentials of a repository are kept here.'),
}

export const newProject = z
  .strictObject({
    id: uuidText.optional().describe('Absent: a new one is made.'),
    ...writable,
    description: writable.description.default(''),
    gitRepositoryUrl: writable.gitRepositoryUrl.default(''),
    branch: writable.branch.default(''),
    archived: writable.archived.default(false),
    groups: writable.groups.default([]),
    viewerGroups: writable.viewerGroups.default([]),
    ...clientOnly,
  })
  .meta({ id: 'NewProject' })

/** What is left out stays as it is. Read-only members are taken, so that an answer can be changed and sent back. */
export const changedProject = z
  .strictObject({
    ...z.strictObject(writable).partial().shape,
    ...clientOnly,
    id: uuidText.optional().describe('The id in the path, if anything.'),
    revision: z.int().optional().describe('As read; refused when the project has changed since.'),
    createdAt: instant.optional().describe('Read only.'),
    updatedAt: instant.optional().describe('Read only.'),
    _links: z.unknown().optional().describe('Read only.'),
  })
  .meta({ id: 'ChangedProject' })

export const projectView = z
  .object({
    id: uuidText,
    name: z.string(),
    description: z.string(),
    gitRepositoryUrl: z.string(),
    branch: z.string(),
    archived: z.boolean(),
    groups: z.array(z.string()),
    viewerGroups: z.array(z.string()),
    revision: z.int(),
    createdAt: instant,
    updatedAt: instant,
    _links: links,
  })
  .meta({ id: 'Project' })

export const projectPage = pageOf('projects', projectView).meta({ id: 'ProjectPage' })

export const directoryView = z
  .object({
    revision: z.int(),
    projects: z.array(
      z.object({
        id: uuidText,
        name: z.string(),
        groups: z.array(z.string()),
        viewerGroups: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'Directory' })

export function viewProject(project: ProjectRecord, base: string): z.input<typeof projectView> {
  return {
    ...project,
    groups: [...project.groups],
    viewerGroups: [...project.viewerGroups],
    createdAt: new Date(project.createdAt).toISOString(),
    updatedAt: new Date(project.updatedAt).toISOString(),
    _links: { self: { href: `${base}/api/projects/${project.id}` } },
  }
}
