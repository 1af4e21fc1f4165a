import * as z from 'zod'
import { uuidText } from '../operation/field-types.ts'
import { operation } from '../operation/operation.ts'
import { isUnchanged, tagOf } from '../operation/revisions.ts'
import type { Operation } from '../operation/spec.ts'
import type { ProjectRecord } from '../store/projects.ts'

const directoryView = z
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

const directory = operation({
  method: 'get',
  path: '/api/directory',
  id: 'getDirectory',
  summary: 'Every project and its groups, for the gateway. Archived projects have viewers only.',
  scope: 'signed-in',
  needs: 'directory-reader',
  status: 200,
  response: directoryView,
  revisions: true,
  handle: async ({ deps, ifNoneMatch }) => {
    // Read before the projects: a change in between gets a newer revision, which the next request returns.
    const revision = await deps.projects.directoryRevision()
    const headers = { ETag: tagOf(revision) }
    if (isUnchanged(ifNoneMatch, tagOf(revision))) return { status: 304, headers }
    return { body: { revision, projects: (await deps.projects.all()).map(entryOf) }, headers }
  },
})

export const directoryOperations: readonly Operation[] = [directory]

function entryOf({ id, name, groups, viewerGroups, archived }: ProjectRecord) {
  if (archived) return { id, name, groups: [], viewerGroups: [...groups, ...viewerGroups] }
  return { id, name, groups: [...groups], viewerGroups: [...viewerGroups] }
}
