import { join } from 'node:path'
import { checkout } from './directories.ts'
import { type Progress, toStderr } from './progress.ts'
import { ensureVenv } from './venv.ts'

const REQUIREMENTS = [join(checkout, 'infra', 'modelops-client', 'requirements.txt')]

/** Installs the published ModelOps client. Resolves to the Python interpreter that has it. @throws PartMissing */
export async function ensureModelopsClient(progress: Progress = toStderr): Promise<string> {
  const spec = { name: 'modelops-client', title: 'ModelOps client', megabytes: 160, requirements: REQUIREMENTS }
  return join(await ensureVenv(spec, progress), 'bin', 'python')
}
