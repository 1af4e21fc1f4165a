import { type NamedProject, nameProject, parseProjectId } from '../../shared/project-id.ts'
import { isNameInUrls, isSlug } from '../../shared/project-name.ts'
import type { AppProfile, AppRequest } from '../apps/profile.ts'
import { Refusal } from '../errors.ts'
import { foldName } from '../http/fold-name.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { Target } from '../http/target.ts'
import { takeProjectQuery } from '../policy/project-query.ts'
import type { NamedNamespace } from '../policy/types.ts'
import { readNamespaces } from './namespace.ts'
import { looksNarrower, type Route } from './routes.ts'

/** Every header that names the project, on any route. */
const PROJECT_HEADERS = ['aoa-project-id', 'vmo-project-id']

export interface BelowRoute {
  readonly app: AppRequest
  /** By ID: in the path, in headers and in the query. */
  readonly named: NamedProject
  /** The name in the path. Only members may learn whether there is such a project. */
  readonly projectName: string | undefined
  /** The namespace in the workspace header. Only members may learn which project it stands for. */
  readonly namespace: NamedNamespace | undefined
  /** What was removed from the front of the path: route prefix and project segment. */
  readonly publicPrefix: string
  /** Path sent to the upstream, without query. */
  readonly upstreamPath: string
}

/**
 * Reads a request below its route: the path that the application will see, and which project the request names.
 * @throws Refusal `path-ambiguous` for what the application's profile does not read in one way only
 */
export function readBelowRoute(head: RequestHead, target: Target, route: Route): BelowRoute {
  const { profile, prefix } = route
  if (looksNarrower(route, target.decodedPath))
    throw new Refusal('path-ambiguous', 'the path could be read as one of a narrower route')
  let path = target.path.slice(prefix.length) || '/'
  let publicPrefix = prefix
  let projectName: string | undefined
  const values: string[] = []

  const segment = profile.projectInPath ? projectSegment(path) : undefined
  if (segment !== undefined) {
    const id = parseProjectId(segment)
    if (id === undefined) projectName = segment
    else values.push(id)
    publicPrefix += `/${segment}`
    path = path.slice(segment.length + 1) || '/'
  }
  const decodedPath = target.decodedPath === target.path ? path : decodeURIComponent(path)
  for (const oddity of target.oddities) {
    if (!profile.allowsInPath?.(oddity, decodedPath)) throw new Refusal('path-ambiguous', `path has ${oddity}`)
  }
  const names = collectHeaders(head.rawHeaders, profile, values)
  const namespace = names && profile.namespaces && readNamespaces(names, profile.namespaces)
  const query = takeProjectQuery(target.query)
  values.push(...query.values)

  return {
    app: { method: head.method, path, decodedPath, query: query.rest, headers: head.headers },
    named: query.lookalike ? { kind: 'malformed' } : namedBy(values, namespace === 'ambiguous'),
    projectName,
    namespace: namespace === 'ambiguous' ? undefined : namespace,
    publicPrefix,
    upstreamPath: profile.stripPrefix ? path : target.path,
  }
}

/** The first segment of a path below its route, if it is a project's: a UUID, or a name that is no path of the application. */
export function projectSegment(path: string): string | undefined {
  const end = path.indexOf('/', 1)
  const segment = path.slice(1, end < 0 ? undefined : end)
  return parseProjectId(segment) !== undefined || isNameInUrls(segment) ? segment : undefined
}

function namedBy(values: readonly string[], areNamespacesAmbiguous: boolean): NamedProject {
  const named = nameProject(values)
  return areNamespacesAmbiguous && named.kind !== 'malformed' ? { kind: 'ambiguous' } : named
}

/**
 * Takes each copy of each header, also under names that an upstream would fold into it. Returns the namespaces: values of
 * the application's own headers that are none of ours. Undefined: none.
 */
function collectHeaders(
  raw: readonly string[],
  { projectHeaders, namespaces }: Pick<AppProfile, 'projectHeaders' | 'namespaces'>,
  values: string[],
): string[] | undefined {
  let names: string[] | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    // Names of other lengths cannot be one of these: most requests stop here.
    if (name.length !== 14 && name.length !== 18) continue
    const folded = foldName(name)
    const value = raw[i + 1] as string
    if (PROJECT_HEADERS.includes(folded)) {
      // Another spelling is what an attacker sends to a server that folds: dropped, and not believed either.
      if (name.toLowerCase() === folded) values.push(value)
    } else if (projectHeaders.includes(folded) && name.toLowerCase() === folded && value !== '') {
      if (namespaces !== undefined && isSlug(value)) names = [...(names ?? []), value]
      else values.push(value)
    }
  }
  return names
}
