import { spawnSync } from 'node:child_process'
import { withLock } from './lock.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

/** A command and the Debian package that contains it. */
export interface DebianCommand {
  readonly command: string
  readonly debianPackage: string
}

/** Whether a command exists. */
export const hasCommand = (command: string) =>
  spawnSync('/bin/sh', ['-c', 'command -v "$0"', command], { stdio: 'ignore' }).status === 0

/**
 * Installs the packages of missing commands, or names them if this user cannot install packages.
 * @throws PartMissing
 */
export async function ensureDebian(commands: readonly DebianCommand[], progress: Progress = toStderr): Promise<void> {
  const missing = () => commands.filter(({ command }) => !hasCommand(command)).map((each) => each.debianPackage)
  if (missing().length > 0) await installDebian(missing(), progress)
  if (missing().length > 0)
    throw new PartMissing(`Missing after the installation: ${missing().join(', ')}. Install them with apt-get.`)
}

/** Installs packages, whether or not they are installed already. @throws PartMissing */
export async function installDebian(packages: readonly string[], progress: Progress = toStderr): Promise<void> {
  const advice = `Install with: apt-get install ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || !hasCommand('apt-get')) {
    throw new PartMissing(`Missing on this machine: ${packages.join(', ')}. ${advice}`)
  }
  await withLock('debian', progress, async () => {
    progress(`installing Debian packages: ${packages.join(' ')}`)
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['update', '-q'], { env })
    const result = await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env })
    if (!result.ok) throw new PartMissing(`apt-get could not install ${packages.join(', ')}.\n${result.tail}`)
  })
}
