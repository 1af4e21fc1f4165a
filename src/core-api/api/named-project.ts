import { nameProject } from '../../shared/project-id.ts'
import type { Caller } from '../auth/caller.ts'
import { Problem } from '../problems.ts'
import type { RawRequest } from './operation.ts'

/**
 * The one project that the header, its older alias, the query and the gateway's assertion name.
 * @throws Problem project-malformed, project-ambiguous, not-in-project
 */
export function namedProject(
  request: Pick<RawRequest, 'headersDistinct' | 'query'>,
  caller: Caller,
): string | undefined {
  const { headersDistinct, query } = request
  const headers = [...(headersDistinct['aoa-project-id'] ?? []), ...(headersDistinct['vmo-project-id'] ?? [])]
  const asked = [...headers.filter((value) => value !== ''), ...query.getAll('projectId')]
  const named = nameProject(asked)
  if (named.kind === 'malformed') throw new Problem('project-malformed', 'named project')
  if (named.kind === 'ambiguous') throw new Problem('project-ambiguous', 'named project')
  const id = named.kind === 'named' ? named.id : undefined
  if (!caller.judged) return id
  // The gateway judges every project that a request names: one that its assertion leaves out did not pass there.
  if (id !== undefined && id !== caller.judged.projectId)
    throw new Problem('not-in-project', 'not what the gateway judged')
  return caller.judged.projectId
}
