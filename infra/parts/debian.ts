import { spawnSync } from 'node:child_process'
import { withLock } from './lock.ts'
import { PartMissing, type Progress, toStderr } from './progress.ts'
import { run } from './run.ts'

/** A command and the Debian package that brings it. */
export interface DebianCommand {
  readonly command: string
  readonly debianPackage: string
}

/** Whether a command can be found. */
export const hasCommand = (command: string) =>
  spawnSync('/bin/sh', ['-c', 'command -v "$0"', command], { stdio: 'ignore' }).status === 0

/**
 * Makes sure that commands are there: installs their packages where this user may, names them where not.
 * @throws PartMissing
 */
export async function ensureDebian(commands: readonly DebianCommand[], progress: Progress = toStderr): Promise<void> {
  const missing = () => commands.filter(({ command }) => !hasCommand(command)).map((each) => each.debianPackage)
  if (missing().length > 0) await installDebian(missing(), progress)
  if (missing().length > 0) throw new PartMissing(`Missing after the installation: ${missing().join(', ')}`)
}

/** Installs packages whatever is there already. @throws PartMissing */
export async function installDebian(packages: readonly string[], progress: Progress = toStderr): Promise<void> {
  const advice = `Install it first: apt-get install ${packages.join(' ')}`
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
