import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { type Progress, toStderr } from '../parts/progress.ts'
import { run } from '../parts/run.ts'
import { ensureVenv } from '../parts/venv.ts'

export interface PythonPackage {
  readonly name: string
  /** The folder with its `pyproject.toml`. */
  readonly folder: string
}

/** What data scientists install. */
export const CLIENT_PACKAGE: PythonPackage = {
  name: 'modelops-gateway-mlflow',
  folder: join(checkout, 'infra', 'mlflow', 'client'),
}

export const PYTHON_PACKAGES: readonly PythonPackage[] = [
  CLIENT_PACKAGE,
  { name: 'modelops-gateway-airflow', folder: join(checkout, 'infra', 'airflow', 'auth-manager') },
]

/** The version of all packages. */
export const VERSION = (JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string }).version

/** @see https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention */
export const wheelName = ({ name }: PythonPackage) => `${name.replaceAll('-', '_')}-${VERSION}-py3-none-any.whl`

/** @see https://packaging.python.org/en/latest/specifications/source-distribution-format/#source-distribution-file-name */
export const sdistName = ({ name }: PythonPackage) => `${name.replaceAll('-', '_')}-${VERSION}.tar.gz`

export interface BuildOptions {
  /** The folder for the wheel and the source distribution. */
  readonly output: string
  /** Of every file in them, in seconds since 1970. */
  readonly date: number
  readonly progress: Progress
}

/** Builds one Python package without a download, apart from the first installation of the tools. @throws PartMissing */
export async function buildPythonPackage(
  { name, folder }: PythonPackage,
  { output, date, progress }: BuildOptions,
): Promise<void> {
  const venv = await ensureBuildTools(progress)
  progress(`${name}: building the wheel and the source distribution`)
  const { ok, tail } = await run(
    join(venv, 'bin', 'python'),
    ['-m', 'build', '--no-isolation', '--outdir', output, folder],
    { env: { SOURCE_DATE_EPOCH: String(date) } },
  )
  if (!ok) throw new Error(`${name} could not be built.\n${tail}`)
}

/** Installs the pinned build tools into a virtual environment. Resolves to its directory. @throws PartMissing */
export const ensureBuildTools = (progress: Progress = toStderr): Promise<string> =>
  ensureVenv(
    {
      name: 'package',
      title: 'Python build tools',
      megabytes: 1,
      requirements: [join(checkout, 'infra', 'package', 'requirements.txt')],
    },
    progress,
  )
