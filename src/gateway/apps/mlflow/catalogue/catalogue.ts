import type { Use } from '../../../policy/types.ts'
import routes317 from './3.17.generated.json' with { type: 'json' }
import routes318 from './3.18.generated.json' with { type: 'json' }
import { compileRequests, type RequestEntry, type RequestFields } from './request-fields.ts'

/**
 * The routes of one MLflow release by class, and the fields of their requests. `infra/mlflow/catalogue` writes it from
 * the installed server and from what people have decided.
 */
export interface CatalogueFile {
  /** The release it was made from. */
  readonly mlflow: string
  /** Lines such as `GET /{,ajax-}api/2.0/mlflow/runs/get`: a method, and a path whose parameters are `{one}` or `{many...}`. */
  readonly viewer: readonly string[]
  readonly editor: readonly string[]
  readonly admin: readonly string[]
  readonly denied: readonly string[]
  /** By line of a viewer's or an editor's route. */
  readonly requests?: Readonly<Record<string, RequestEntry>>
  /** Class of each field, or `> SHAPE`, by shape. */
  readonly shapes?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** By minor release, oldest first. */
export const CATALOGUES = { '3.17': routes317, '3.18': routes318 } satisfies Record<string, CatalogueFile>

/** A route, as a request on it is checked. */
export interface CatalogueRoute {
  readonly line: string
  readonly use: Use
  /** Absent: nothing of the request is read by name. */
  readonly request: RequestFields | undefined
  /** The parameters of a decoded path by name. */
  parameters(path: string): Readonly<Record<string, string>>
}

/** Finds the route of a request; undefined for everything that the release does not list. */
export type FindRoute = (method: string, decodedPath: string) => CatalogueRoute | undefined

/** From the least to the most strict: where several patterns match one path, the strictest class counts. */
const CLASSES = [
  ['viewer', 'read'],
  ['editor', 'write'],
  ['admin', 'admin'],
  ['denied', 'denied'],
] as const satisfies [keyof CatalogueFile, Use][]
const STRICTNESS: Record<Use, number> = { read: 0, write: 1, admin: 2, denied: 3 }
/** MLflow applies other rules to HEAD than to GET, except for its pages and their files: only there HEAD is allowed. */
const HEAD_PATHS = /^\/(?:health|version|static-files\/.+)?$/

interface Pattern {
  readonly regexp: RegExp
  readonly route: CatalogueRoute
}

/** Routes of one method: whole paths, and patterns under the literal text before their first parameter. */
interface MethodRoutes {
  readonly paths: Map<string, CatalogueRoute>
  readonly patterns: Map<string, Pattern[]>
  /** Length of the longest of those texts: the rest of a path is not looked up. */
  longest: number
}

/** Compiles a catalogue once, so that a request costs one map lookup, or a few where its path has parameters. */
export function buildRouteFinder(file: CatalogueFile): FindRoute {
  const methods = new Map<string, MethodRoutes>()
  const requests = compileRequests(file.requests ?? {}, file.shapes ?? {})
  for (const [name, use] of CLASSES) {
    for (const line of file[name]) {
      const [method = '', template = ''] = line.split(' ')
      const routes = methods.get(method) ?? { paths: new Map(), patterns: new Map(), longest: 0 }
      methods.set(method, routes)
      for (const path of expandTwins(template)) addRoute(routes, path, { line, use, request: requests.get(line) })
    }
  }
  return (method, path) => {
    if (method === 'HEAD' && !HEAD_PATHS.test(path)) return undefined
    const routes = methods.get(method === 'HEAD' ? 'GET' : method)
    return routes?.paths.get(path) ?? (routes && strictestMatch(routes, path))
  }
}

function expandTwins(template: string): string[] {
  return template.startsWith('/{,ajax-}')
    ? [template.replace('{,ajax-}', ''), template.replace('{,ajax-}', 'ajax-')]
    : [template]
}

function addRoute(routes: MethodRoutes, path: string, facts: Omit<CatalogueRoute, 'parameters'>): void {
  const parameter = path.indexOf('{')
  if (parameter === -1) {
    routes.paths.set(path, { ...facts, parameters: () => ({}) })
    return
  }
  const folder = path.slice(0, path.lastIndexOf('/', parameter) + 1)
  const patterns = routes.patterns.get(folder) ?? []
  routes.patterns.set(folder, patterns)
  routes.longest = Math.max(routes.longest, folder.length)
  const regexp = pathRegExp(path)
  patterns.push({ regexp, route: { ...facts, parameters: (decoded) => ({ ...regexp.exec(decoded)?.groups }) } })
}

/** `{name}` matches a part of one segment, `{name...}` one or more segments; neither matches the empty text. */
function pathRegExp(path: string): RegExp {
  const source = path
    .split(/(\{\w+(?:\.\.\.)?\})/)
    .map((part, index) => {
      if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      const name = /\w+/.exec(part)?.[0]
      return part.endsWith('...}') ? `(?<${name}>[^]+)` : `(?<${name}>[^/]+)`
    })
    .join('')
  return new RegExp(`^${source}$`)
}

function strictestMatch(routes: MethodRoutes, path: string): CatalogueRoute | undefined {
  let strictest: CatalogueRoute | undefined
  const last = path.lastIndexOf('/', routes.longest)
  for (let slash = last; slash !== -1; slash = slash === 0 ? -1 : path.lastIndexOf('/', slash - 1)) {
    for (const { regexp, route } of routes.patterns.get(path.slice(0, slash + 1)) ?? []) {
      if (isStricter(route, strictest) && regexp.test(path)) strictest = route
    }
  }
  return strictest
}

/** Of two routes with the same use, the one that says more of the path. */
function isStricter(route: CatalogueRoute, than: CatalogueRoute | undefined): boolean {
  if (than === undefined) return true
  const more = STRICTNESS[route.use] - STRICTNESS[than.use]
  return more > 0 || (more === 0 && route.line.length > than.line.length)
}
