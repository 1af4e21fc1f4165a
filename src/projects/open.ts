import type { Config } from '../config/schema.ts'
import type { Logger } from '../observability/log.ts'
import type { ProjectDirectory } from '../policy/types.ts'
import { ClaimDirectory } from './claim.ts'
import { ProjectList } from './directory.ts'
import { watchProjectsFile } from './file.ts'

export interface OpenProjects {
  readonly directory: ProjectDirectory
  close(): void
}

/** Opens the source that `projects` names. @throws ConfigFaults for a projects file with faults */
export function openProjects(projects: Config['projects'], log: Logger): OpenProjects {
  const still = (directory: ProjectDirectory): OpenProjects => ({ directory, close: () => undefined })
  switch (projects.source) {
    case 'static':
      return still(new ProjectList(projects.list))
    case 'claim':
      return still(new ClaimDirectory())
    case 'file': {
      const watched = watchProjectsFile(projects.path, log)
      return { directory: watched.projects, close: watched.close }
    }
    case 'core':
      throw new Error('projects.source: expected static, file or claim, got core')
  }
}
