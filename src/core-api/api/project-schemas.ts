import * as z from 'zod'
import { instant, line, nameText, prose, uuidText } from '../operation/field-types.ts'
import { links, pageOf } from '../operation/hal.ts'
import type { ProjectRecord } from '../store/projects.ts'

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

/** Fields that the published client sends and this service ignores. */
const clientOnly = {
  isChecked: z.boolean().optional(),
  gitCredentials: z
    .strictObject({ source: z.literal('none') })
    .optional()
    .describe('Credentials of repositories are not stored here.'),
}

export const newProject = z
  .strictObject({
    id: uuidText.optional().describe('Default: a new UUID.'),
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

/** Omitted fields stay as they are. Read-only fields are accepted, so that a client can change a response and send it back. */
export const changedProject = z
  .strictObject({
    ...z.strictObject(writable).partial().shape,
    ...clientOnly,
    id: uuidText.optional().describe('Must equal the ID in the path.'),
    revision: z
      .int()
      .optional()
      .describe('The revision that was read. The change is denied if the project has changed since.'),
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
