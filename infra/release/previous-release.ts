import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildPythonPackage, CLIENT_PACKAGE } from '../package/python-packages.ts'
import { checkout, partsDirectory } from '../parts/directories.ts'
import { git } from '../parts/git.ts'
import { withLock } from '../parts/lock.ts'
import { PartMissing, type Progress, toStderr } from '../parts/progress.ts'
import { run } from '../parts/run.ts'
import { PREVIOUS_RELEASE, type Release } from './releases.ts'

export interface BuiltRelease {
  readonly version: string
  /** The program, to run with this Node. */
  readonly program: string
  /** The wheel of the Python package for MLflow. */
  readonly wheel: string
}

/**
 * The previous release, built from its commit with the packages of its own lock file. It is not in the repository: built
 * from the sources, it cannot differ from what they say, and costs every clone nothing.
 * @throws PartMissing
 */
export function ensurePreviousRelease(progress: Progress = toStderr): Promise<BuiltRelease> {
  const name = `release-${PREVIOUS_RELEASE.version}`
  return withLock(name, progress, async () => {
    const folder = join(
      partsDirectory('releases'),
      `${PREVIOUS_RELEASE.version}-${PREVIOUS_RELEASE.commit.slice(0, 12)}`,
    )
    if (!existsSync(folder)) await build(PREVIOUS_RELEASE, folder, progress)
    const wheel = `modelops_gateway_mlflow-${PREVIOUS_RELEASE.version}-py3-none-any.whl`
    return {
      version: PREVIOUS_RELEASE.version,
      program: join(folder, 'bin', 'modelops-gateway.cjs'),
      wheel: join(folder, 'wheels', wheel),
    }
  })
}

/** Builds beside the folder, which appears when everything is in it. */
async function build({ version, commit }: Release, folder: string, progress: Progress): Promise<void> {
  const draft = `${folder}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  progress(`release ${version}: building it from its commit (once, about a minute)`)
  await unpack({ version, commit }, draft)
  const inDraft = async (command: string, ...args: string[]) => {
    const { ok, tail } = await run(command, args, { cwd: draft })
    if (!ok) throw new PartMissing(`Release ${version} could not be built: ${command} ${args[0]} failed.\n${tail}`)
  }
  await inDraft('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error')
  await inDraft(process.execPath, join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json')
  await inDraft('npm', 'prune', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error')
  const client = { name: CLIENT_PACKAGE.name, folder: join(draft, 'infra', 'mlflow', 'client') }
  await buildPythonPackage(client, { output: join(draft, 'wheels'), date: DATE, progress })
  renameSync(draft, folder)
}

/** 2020-01-01. The date of the files in the wheel does not matter here. */
const DATE = 1_577_836_800

/** @throws PartMissing if the checkout does not have the commit, such as a shallow clone */
export async function unpack({ version, commit }: Release, folder: string, from = checkout): Promise<void> {
  const { ok } = await git(from, 'cat-file', '-e', `${commit}^{commit}`)
  if (!ok)
    throw new PartMissing(
      `Release ${version} is built from the commit ${commit}, which this checkout does not have. ` +
        'In a shallow clone run `git fetch --unshallow`; in a continuous integration set the fetch depth to 0.',
    )
  const archive = join(folder, 'release.tar')
  const archived = await git(from, 'archive', '--format=tar', `--output=${archive}`, commit)
  if (!archived.ok) throw new PartMissing(`git archive of release ${version} failed.\n${archived.tail}`)
  const unpacked = await run('tar', ['-xf', archive, '-C', folder])
  if (!unpacked.ok) throw new PartMissing(`The archive of release ${version} could not be unpacked.\n${unpacked.tail}`)
  rmSync(archive)
}
