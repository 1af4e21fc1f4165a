import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installDebian } from './debian.ts'
import { partsDirectory } from './directories.ts'
import { withLock } from './lock.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { findPython } from './python.ts'
import { run } from './run.ts'

export interface VenvSpec {
  /** Folder below `.parts`. */
  readonly name: string
  /** Name in messages. */
  readonly title: string
  /** Approximate size of the download. */
  readonly megabytes: number
  /** Requirements files that pin every package with its hashes. */
  readonly requirements: readonly string[]
}

/** Installs exactly these packages into a virtual environment. Resolves to its directory. @throws PartMissing */
export function ensureVenv(spec: VenvSpec, progress: Progress = toStderr): Promise<string> {
  return withLock(spec.name, progress, async () => {
    const venv = join(partsDirectory(spec.name), 'venv')
    const stamp = join(venv, 'installed')
    const wanted = requirementsHash(spec)
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return venv
    rmSync(venv, { recursive: true, force: true })
    await makeVenv(venv, spec, progress)
    await installRequirements(venv, spec, progress)
    writeFileSync(stamp, wanted)
    return venv
  })
}

/** Changes when a requirements file does. */
export function requirementsHash({ requirements }: Pick<VenvSpec, 'requirements'>): string {
  const hash = createHash('sha256')
  for (const file of requirements) hash.update(readFileSync(file))
  return hash.digest('hex')
}

async function makeVenv(venv: string, { title }: VenvSpec, progress: Progress): Promise<void> {
  const python = findPython()
  progress(`${title}: creating a Python environment`)
  if ((await run(python, ['-m', 'venv', venv])).ok) return
  // On Debian, venv is a separate package.
  rmSync(venv, { recursive: true, force: true })
  await installDebian(['python3-venv'], progress)
  const again = await run(python, ['-m', 'venv', venv])
  if (!again.ok) throw new PartMissing(`${python} -m venv failed.\n${again.tail}`)
}

async function installRequirements(venv: string, spec: VenvSpec, progress: Progress): Promise<void> {
  const { title, megabytes, requirements } = spec
  progress(`${title}: downloading about ${megabytes} MB of Python packages (once)`)
  let collected = 0
  const onLine = (line: string) => {
    if (line.startsWith('Collecting ') && ++collected % 15 === 0) progress(`${title}: ${collected} packages`)
    if (line.startsWith('Installing collected')) progress(`${title}: installing ${collected} packages`)
  }
  const files = requirements.flatMap((file) => ['-r', file])
  const options = ['--no-deps', '--require-hashes', '--only-binary', ':all:', '--no-input', '--progress-bar', 'off']
  const result = await run(
    join(venv, 'bin', 'python'),
    ['-m', 'pip', 'install', '--disable-pip-version-check', '--retries', '3', ...options, ...files],
    { onLine },
  )
  if (!result.ok) {
    throw new PartMissing(`pip could not install ${title}. Check the network and pip's index setting.\n${result.tail}`)
  }
}
