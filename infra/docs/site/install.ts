import { ensureNpmFolder } from '../../parts/npm-folder.ts'
import type { Progress } from '../../parts/progress.ts'

/** Installs the generator from its lock file, once. Building needs no network afterwards. @throws PartMissing */
export const ensureDocsSite = (progress?: Progress): Promise<void> =>
  ensureNpmFolder(
    { folder: import.meta.dirname, what: 'VitePress for the documentation website', megabytes: 100 },
    progress,
  )
