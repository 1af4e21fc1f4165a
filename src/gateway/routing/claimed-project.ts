import { readBelowRoute } from './below-route.ts'
import type { RequestContext } from './request-context.ts'

/** The project that a request named. */
export type ClaimedProject =
  | { readonly by: 'id' | 'name' | 'selection'; readonly value: string }
  | { readonly by: 'namespace'; readonly value: string; readonly projectId: string | undefined }
  | { readonly by: 'malformed' | 'ambiguous' }

/**
 * Which project a request named, whether or not there is such a project. It reads the request again, so it is for
 * denials alone. Undefined: the request named none, or could not be read.
 */
export function claimedProject({ head, target, route, caller }: RequestContext): ClaimedProject | undefined {
  if (route === undefined || target === undefined) return undefined
  try {
    const { named, projectName, namespace } = readBelowRoute(head, target, route)
    if (named.kind === 'malformed' || named.kind === 'ambiguous') return { by: named.kind }
    if (projectName !== undefined) return { by: 'name', value: projectName }
    if (namespace !== undefined) return { by: 'namespace', value: namespace.name, projectId: namespace.projectId }
    if (named.kind === 'named') return { by: 'id', value: named.id }
  } catch {
    return undefined // the path itself was denied
  }
  const selected = caller?.session?.selectedProject
  return selected === undefined ? undefined : { by: 'selection', value: selected }
}
