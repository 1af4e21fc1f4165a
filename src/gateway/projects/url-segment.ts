import { isNameInUrls } from '../../shared/project-name.ts'
import type { Project } from '../policy/types.ts'
import type { ProjectSource } from './source.ts'

/** The path segment that leads to a project: its name where that works in URLs, else its UUID. */
export function urlSegmentOf(projects: ProjectSource, { id, name }: Project): string {
  return isNameInUrls(name) && projects.snapshot()?.findByName(name)?.id === id ? name : id
}
