import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { PartMissing } from '../parts/progress.ts'
import { run } from '../parts/run.ts'

/** Writes the types of the modules that programs import (`exports` of package.json) into `types`. @throws PartMissing */
export async function writeTypes(output: string): Promise<void> {
  const options = ['-p', join(checkout, 'tsconfig.build.json'), '--outDir', join(output, 'types')]
  const { ok, tail } = await run('tsc', options)
  if (!ok) throw new PartMissing(`tsc failed.\n${tail}`)
}
