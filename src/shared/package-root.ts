import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder of the package that runs: of the checkout, or of the installed package, wherever the bundler put this code. */
export function packageRoot(folder = import.meta.dirname): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('package.json is missing: install the package again')
  return packageRoot(parent)
}
