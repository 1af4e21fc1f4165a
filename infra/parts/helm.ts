import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureDebian } from './debian.ts'
import { partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

export const HELM = 'v4.3.1'
const MODULE = 'helm.sh/helm/v4'

/** Builds Helm from source once, which takes some minutes. Resolves to the path of the program. @throws PartMissing */
export async function ensureHelm(progress: Progress = toStderr): Promise<string> {
  const directory = partsDirectory('go', 'helm')
  const program = join(directory, `helm-${HELM}`)
  if (existsSync(program)) return program
  await ensureDebian([{ command: 'go', debianPackage: 'golang-go' }], progress)
  return await withLock('helm', progress, async () => {
    if (existsSync(program)) return program
    progress(`building Helm ${HELM} (once; some minutes)`)
    // A module that requires Helm: Helm's own go.mod then pins all dependencies.
    await writeFile(join(directory, 'go.mod'), `module helm\n\ngo 1.26\n\nrequire ${MODULE} ${HELM}\n`)
    const built = await run('go', ['build', '-mod=mod', '-o', program, `${MODULE}/cmd/helm`], { cwd: directory })
    if (!built.ok)
      throw new PartMissing(
        `Helm could not be built. It needs Go 1.26 or newer and access to the Go module proxy.\n${built.tail}`,
      )
    return program
  })
}
