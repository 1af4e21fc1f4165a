import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { ClaimedProjects } from '../policy/claimed-projects.ts'
import { ListedProjects } from '../policy/listed-projects.ts'
import type { ProjectSnapshot } from '../policy/types.ts'
import { CoreProjects } from './core.ts'
import { watchProjectsFile } from './file.ts'
import { fixedSource, type ProjectSource } from './source.ts'

export interface OpenProjects {
  readonly source: ProjectSource
  /** Resolves after the first load, whether it succeeded or not. */
  readonly firstLoad: Promise<void>
  /** How many projects are known; 0 before the first successful load. */
  size(): number
  close(): void
}

/**
 * Opens the source that `projects` configures.
 * @param token An access token of the service user, for the core API
 * @throws ConfigurationError for a projects file with errors
 */
export function openProjects(projects: Config['projects'], log: Logger, token: () => Promise<string>): OpenProjects {
  switch (projects.source) {
    case 'static':
      return fixed(new ListedProjects(projects.list))
    case 'claim':
      return fixed(new ClaimedProjects())
    case 'file': {
      const source = watchProjectsFile(projects.path, log)
      return opened(source, Promise.resolve(), () => source.close())
    }
    case 'core': {
      const source = new CoreProjects({ ...projects, token, log })
      return opened(source, source.start(), () => source.close())
    }
  }
}

const fixed = (snapshot: ProjectSnapshot) => opened(fixedSource(snapshot), Promise.resolve(), () => undefined)

const opened = (source: ProjectSource, firstLoad: Promise<void>, close: () => void): OpenProjects => ({
  source,
  firstLoad,
  size: () => source.snapshot()?.all().length ?? 0,
  close,
})
