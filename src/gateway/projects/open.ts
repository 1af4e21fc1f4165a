import type { Config } from '../config/schema.ts'
import type { Logger } from '../observability/log.ts'
import { ProjectSnapshot } from '../policy/project-snapshot.ts'
import type { ProjectDirectory } from '../policy/types.ts'
import { ClaimDirectory } from './claim.ts'
import { CoreDirectory } from './core.ts'
import { watchProjectsFile } from './file.ts'

export interface OpenProjects {
  readonly directory: ProjectDirectory
  /** Resolves when the source was asked once, whatever it said. */
  readonly asked: Promise<void>
  /** How many projects are known; 0 while none could be asked for. */
  size(): number
  close(): void
}

/**
 * Opens the source that `projects` names.
 * @param token An access token of the service user, for the core API
 * @throws ConfigurationError for a projects file with faults
 */
export function openProjects(projects: Config['projects'], log: Logger, token: () => Promise<string>): OpenProjects {
  const still = (directory: ProjectDirectory): OpenProjects => ({
    directory,
    asked: Promise.resolve(),
    size: () => directory.all().length,
    close: () => undefined,
  })
  switch (projects.source) {
    case 'static':
      return still(new ProjectSnapshot(projects.list))
    case 'claim':
      return still(new ClaimDirectory())
    case 'file': {
      const watched = watchProjectsFile(projects.path, log)
      return { ...still(watched.projects), close: watched.close }
    }
    case 'core': {
      const directory = new CoreDirectory({ ...projects, token, log })
      return { directory, asked: directory.start(), size: () => directory.size, close: () => directory.close() }
    }
  }
}
