import { ensureNpmFolder } from '../parts/npm-folder.ts'
import type { Progress } from '../parts/progress.ts'

/** Installs Stryker from its lock file, once. @throws PartMissing */
export const ensureStryker = (progress?: Progress): Promise<void> =>
  ensureNpmFolder({ folder: import.meta.dirname, what: 'Stryker for the mutation tests', megabytes: 60 }, progress)
