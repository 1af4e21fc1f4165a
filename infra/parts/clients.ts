import { join } from 'node:path'
import { checkout } from './directories.ts'
import { type Progress, toStderr } from './progress.ts'
import { ensureVenv } from './venv.ts'

const REQUIREMENTS = [join(checkout, 'infra', 'clients', 'requirements.txt')]

/** Installs the Python clients of the tier `clients`. Resolves to the folder with their programs. @throws PartMissing */
export async function ensureClients(progress: Progress = toStderr): Promise<string> {
  const spec = { name: 'clients', title: 'Python clients', megabytes: 60, requirements: REQUIREMENTS }
  return join(await ensureVenv(spec, progress), 'bin')
}
