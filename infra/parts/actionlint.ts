import { ensureGoProgram } from './go-program.ts'
import { type Progress, toStderr } from './progress.ts'

/** The linter of workflow files. Resolves to the path of the program. @throws PartMissing */
export const ensureActionlint = (progress: Progress = toStderr) => ensureGoProgram('actionlint', 'actionlint', progress)
