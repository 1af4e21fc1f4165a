import { spawnSync } from 'node:child_process'
import { PartMissing } from './progress.ts'

const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']
const PRINT_VERSION = 'import sys; print("%d.%d" % sys.version_info[:2])'

/** The command of Python 3.10 or newer, or the one in `PYTHON`. @throws PartMissing */
export function findPython(): string {
  const named = process.env.PYTHON
  const seen: string[] = []
  for (const command of named === undefined ? CANDIDATES : [named]) {
    const version = versionOf(command)
    if (version === undefined) continue
    if (isNewEnough(version)) return command
    seen.push(`${command} is ${version}`)
  }
  const found =
    seen.length > 0 ? seen.join(', ') : `none of ${(named === undefined ? CANDIDATES : [named]).join(', ')} runs`
  throw new PartMissing(
    `MLflow needs Python 3.10 or newer, but ${found}. Install Python 3 (Debian: apt-get install python3 python3-venv) or name one in PYTHON.`,
  )
}

function versionOf(command: string): string | undefined {
  const { status, stdout } = spawnSync(command, ['-c', PRINT_VERSION], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** @param version `MAJOR.MINOR` */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === 3 && minor >= 10
}
