import type { Use } from '../../policy/types.ts'
import routes317 from './catalogue-3.17.generated.json' with { type: 'json' }
import routes318 from './catalogue-3.18.generated.json' with { type: 'json' }

/** The routes of one MLflow release by class; `infra/mlflow/catalogue.py` writes it from the installed server. */
export interface CatalogueFile {
  /** The release it was made from. */
  readonly mlflow: string
  /** Lines such as `GET /{,ajax-}api/2.0/mlflow/runs/get`: a method, and a path whose parameters are `{one}` or `{many...}`. */
  readonly viewer: readonly string[]
  readonly editor: readonly string[]
  readonly admin: readonly string[]
  readonly denied: readonly string[]
}

/** By minor release, oldest first. */
export const CATALOGUES = { '3.17': routes317, '3.18': routes318 } satisfies Record<string, CatalogueFile>

/** What a request does; `denied` for everything that the release does not list. */
export type Classify = (method: string, decodedPath: string) => Use

/** From the least to the most strict: where several patterns match one path, the strictest class counts. */
const CLASSES = [
  ['viewer', 'read'],
  ['editor', 'write'],
  ['admin', 'admin'],
  ['denied', 'denied'],
] as const satisfies [keyof CatalogueFile, Use][]
const STRICTNESS: Record<Use, number> = { read: 0, write: 1, admin: 2, denied: 3 }

interface Pattern {
  readonly regexp: RegExp
  readonly use: Use
}

/** Routes of one method: whole paths, and patterns under the literal text before their first parameter. */
interface MethodRoutes {
  readonly paths: Map<string, Use>
  readonly patterns: Map<string, Pattern[]>
  /** Length of the longest of those texts: the rest of a path is not looked up. */
  longest: number
}

/** Compiles a catalogue once, so that a request costs one map lookup, or a few where its path has parameters. */
export function buildClassifier(file: CatalogueFile): Classify {
  const methods = new Map<string, MethodRoutes>()
  for (const [name, use] of CLASSES) {
    for (const line of file[name]) {
      const [method = '', template = ''] = line.split(' ')
      const routes = methods.get(method) ?? { paths: new Map(), patterns: new Map(), longest: 0 }
      methods.set(method, routes)
      for (const path of expandTwins(template)) addRoute(routes, path, use)
    }
  }
  return (method, path) => {
    const routes = methods.get(method === 'HEAD' ? 'GET' : method)
    return routes?.paths.get(path) ?? (routes && strictestMatch(routes, path)) ?? 'denied'
  }
}

function expandTwins(template: string): string[] {
  return template.startsWith('/{,ajax-}')
    ? [template.replace('{,ajax-}', ''), template.replace('{,ajax-}', 'ajax-')]
    : [template]
}

function addRoute(routes: MethodRoutes, path: string, use: Use): void {
  const parameter = path.indexOf('{')
  if (parameter === -1) {
    routes.paths.set(path, use)
    return
  }
  const folder = path.slice(0, path.lastIndexOf('/', parameter) + 1)
  const patterns = routes.patterns.get(folder) ?? []
  routes.patterns.set(folder, patterns)
  routes.longest = Math.max(routes.longest, folder.length)
  patterns.push({ regexp: pathRegExp(path), use })
}

/** `{name}` matches a part of one segment, `{name...}` one or more segments; neither matches the empty text. */
function pathRegExp(path: string): RegExp {
  const source = path
    .split(/(\{\w+(?:\.\.\.)?\})/)
    .map((part, index) => {
      if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      return part.endsWith('...}') ? '[^]+' : '[^/]+'
    })
    .join('')
  return new RegExp(`^${source}$`)
}

function strictestMatch(routes: MethodRoutes, path: string): Use | undefined {
  let strictest: Use | undefined
  const last = path.lastIndexOf('/', routes.longest)
  for (let slash = last; slash !== -1; slash = slash === 0 ? -1 : path.lastIndexOf('/', slash - 1)) {
    for (const { regexp, use } of routes.patterns.get(path.slice(0, slash + 1)) ?? []) {
      const stricter = strictest === undefined || STRICTNESS[use] > STRICTNESS[strictest]
      if (stricter && regexp.test(path)) strictest = use
    }
  }
  return strictest
}
