import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { withLock } from '../parts/lock.ts'
import { clientPackageHash } from '../parts/mlflow-client.ts'
import { type Progress, toStderr } from '../parts/progress.ts'
import { buildPythonPackage, CLIENT_PACKAGE } from './python-packages.ts'

const FOLDER = join(checkout, 'dist', 'clients')
/** 2020-01-01: the wheel depends on its sources alone, not on a commit. */
const DATE = 1_577_836_800

/** Builds the Python package where a gateway that runs from this checkout finds it, if it is not there. @throws PartMissing */
export function ensureClientWheel(progress: Progress = toStderr): Promise<void> {
  return withLock('client-wheel', progress, async () => {
    const stamp = join(FOLDER, 'built')
    const wanted = clientPackageHash()
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
    rmSync(FOLDER, { recursive: true, force: true })
    mkdirSync(FOLDER, { recursive: true })
    await buildPythonPackage(CLIENT_PACKAGE, { output: FOLDER, date: DATE, progress })
    writeFileSync(stamp, wanted)
  })
}
