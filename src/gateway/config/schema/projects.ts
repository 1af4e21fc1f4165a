import * as z from 'zod'
import { isSlug } from '../../../shared/project-name.ts'
import { filePath, httpUrl, seconds, token, uuid } from '../../../shared/settings/fields.ts'
import { metadata } from '../../../shared/settings/metadata.ts'

export const project = z.strictObject({
  id: uuid.describe('UUID of the project.'),
  name: z
    .string()
    .min(1)
    .max(200)
    .describe('Display name. In lower-case letters, digits and `-` it also works in URLs: `/mlflow/alpha/`.'),
  groups: z.array(z.string().min(1)).describe('Groups whose members may read and write.'),
  viewerGroups: z.array(z.string().min(1)).default([]).describe('Groups whose members may read.'),
  previousNames: z
    .array(z.string().refine(isSlug, 'expected lower-case letters, digits and `-`, e.g. alpha'))
    .optional()
    .describe('Names that the project had before. URLs with one of them lead to the current name.'),
})

export const projectList = z.array(project)

export const projects = z
  .discriminatedUnion('source', [
    z.strictObject({ source: z.literal('static'), list: projectList.describe('The projects.') }),
    z.strictObject({
      source: z.literal('file'),
      path: filePath.describe(
        'YAML or JSON file with a list of projects. Changes are picked up; an invalid edit is ignored and logged.',
      ),
    }),
    z
      .strictObject({ source: z.literal('claim') })
      .describe('Membership comes from issuer.projectsClaim; every UUID in it is a project.'),
    z.strictObject({
      source: z.literal('core'),
      url: httpUrl.describe('Base URL of the core API, which the gateway calls as the service user.'),
      refreshSeconds: seconds(1, 3600)
        .default(10)
        .describe('How often the core API is checked for changed projects, in seconds.'),
      clientId: token.optional().describe('Client ID of the service user. Default: the gateway’s own.'),
      clientSecret: z.string().min(1).optional().describe('Client secret of the service user; set both or neither.'),
      tokenParameters: z
        .record(z.string(), z.string())
        .default({})
        .describe('Additional parameters of its token request, such as `audience` or `resource`.'),
    }),
  ])
  .register(metadata, { reload: 'reload' })
