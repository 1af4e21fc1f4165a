import { nameProject } from '../../shared/project-id.ts'
import type { Principal } from '../auth/principal.ts'
import { Problem } from './problems.ts'
import type { OperationRequest } from './request.ts'

/**
 * The one project that the header, its older alias, the query and the gateway's assertion name.
 * @throws Problem project-malformed, project-ambiguous, not-in-project
 */
export function namedProject(
  { headersDistinct, query }: Pick<OperationRequest, 'headersDistinct' | 'query'>,
  { gatewayDecision }: Principal,
): string | undefined {
  const headers = [...(headersDistinct['aoa-project-id'] ?? []), ...(headersDistinct['vmo-project-id'] ?? [])]
  const named = nameProject([...headers.filter((value) => value !== ''), ...query.getAll('projectId')])
  if (named.kind === 'malformed') throw new Problem('project-malformed', 'named project')
  if (named.kind === 'ambiguous') throw new Problem('project-ambiguous', 'named project')
  const id = named.kind === 'named' ? named.id : undefined
  if (!gatewayDecision) return id
  // The gateway decides about every project that a request names, so its assertion contains each one that it allowed.
  if (id !== undefined && id !== gatewayDecision.projectId)
    throw new Problem('not-in-project', 'not the project of the assertion')
  return gatewayDecision.projectId
}
