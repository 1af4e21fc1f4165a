import { methodVerb } from '../method-verb.ts'
import type { AppRequest } from '../profile.ts'

/** Names of the core API's operations for the audit trail: `core.<resource>.<verb>`. */
const RESOURCES: readonly (readonly [path: RegExp, resource: string])[] = [
  [/^\/api\/projects(?:\/[^/]+)?\/?$/, 'project'],
  [/^\/api\/projects\/search\//, 'project'],
  [/^\/api\/archives\/PROJECT\//, 'project.archive'],
  [/^\/api\/datasetConnections\/[^/]+\/job$/, 'dataset-connection.job'],
  [/^\/api\/datasetConnections(?:\/[^/]+)?\/?$/, 'dataset-connection'],
  [/^\/api\/datasetConnections\/search\//, 'dataset-connection'],
  [/^\/api\/directory$/, 'directory'],
  [/^\/admin\/info$/, 'info'],
]

export function coreOperation({ method, decodedPath }: AppRequest): string | undefined {
  const resource = RESOURCES.find(([path]) => path.test(decodedPath))?.[1]
  const verb = methodVerb(method)
  return resource === undefined || verb === undefined ? undefined : `core.${resource}.${verb}`
}
