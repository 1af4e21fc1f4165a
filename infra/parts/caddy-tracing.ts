import { ensureGoProgram } from './go-program.ts'
import { type Progress, toStderr } from './progress.ts'

/** Caddy with its directive `tracing`. Resolves to the path of the program. @throws PartMissing */
export const ensureTracingCaddy = (progress: Progress = toStderr) => ensureGoProgram('caddy', 'Caddy', progress)
