import { isNameInUrls } from '../../shared/project-name.ts'
import type { RouteConfig } from '../config/schema.ts'
import type { Project } from '../policy/types.ts'
import type { ProjectSource } from './source.ts'

/**
 * The path segment that leads to a project: its name where that works in URLs, else its UUID.
 * @param taken Segments that lead elsewhere, see {@link takenSegments}
 */
export function urlSegmentOf(
  projects: Pick<ProjectSource, 'snapshot'>,
  { id, name }: Project,
  taken: ReadonlySet<string>,
): string {
  const leadsHere = isNameInUrls(name) && !taken.has(name) && projects.snapshot()?.findByName(name)?.id === id
  return leadsHere ? name : id
}

/** First segments below MLflow's routes that belong to other routes, or to the gateway itself. */
export function takenSegments(routes: readonly Pick<RouteConfig, 'app' | 'path' | 'host'>[]): ReadonlySet<string> {
  const taken = new Set(['healthz', 'readyz'])
  for (const { path, host } of routes.filter(({ app }) => app === 'mlflow')) {
    const start = path === '/' ? path : `${path}/`
    for (const other of routes) {
      if (other.host === host && other.path.startsWith(start))
        taken.add(other.path.slice(start.length).split('/')[0] as string)
    }
  }
  return taken
}
