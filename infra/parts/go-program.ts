import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDebian } from './debian.ts'
import { checkout, partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { PartMissing, type Progress } from './progress.ts'
import { run } from './run.ts'

/**
 * Builds a Go program once from its folder in `infra/parts/go`, which pins every module with its hash. Resolves to the
 * path of the program. @throws PartMissing
 */
export async function ensureGoProgram(name: string, title: string, progress: Progress): Promise<string> {
  const sources = join(checkout, 'infra', 'parts', 'go', name)
  const hash = createHash('sha256')
  for (const file of readdirSync(sources)) hash.update(readFileSync(join(sources, file)))
  const folder = partsDirectory(`${name}-${hash.digest('hex').slice(0, 12)}`)
  const program = join(folder, 'program')
  if (existsSync(program)) return program
  await ensureDebian([{ command: 'go', debianPackage: 'golang-go' }], progress)
  return await withLock(name, progress, async () => {
    if (existsSync(program)) return program
    progress(`building ${title} (once, some minutes)`)
    cpSync(sources, folder, { recursive: true })
    const { ok, tail } = await run('go', ['build', '-ldflags', '-s -w', '-o', program, '.'], { cwd: folder })
    if (!ok) throw new PartMissing(`${title} could not be built. It needs Go and the Go module proxy.\n${tail}`)
    return program
  })
}
