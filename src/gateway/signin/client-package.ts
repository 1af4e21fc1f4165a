import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../shared/package-root.ts'

/** The Python package that users install from the gateway. */
export interface ClientPackage {
  /** File name of the wheel. It contains the version. */
  readonly file: string
  readonly content: Uint8Array
  /** In hexadecimal. */
  readonly sha256: string
}

/** Where `npm run package` puts the wheel. */
const installedFolder = () => join(packageRoot(), 'dist', 'clients')

/** Undefined where the gateway was built without the package. */
export function loadClientPackage(folder = installedFolder()): ClientPackage | undefined {
  const file = existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith('.whl')) : undefined
  if (file === undefined) return undefined
  const content = readFileSync(join(folder, file))
  return { file, content, sha256: createHash('sha256').update(content).digest('hex') }
}
