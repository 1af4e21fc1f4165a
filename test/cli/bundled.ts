import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { bundle } from '../../infra/package/bundle.ts'
import { checkout } from '../../infra/parts/directories.ts'

/** What the bundle is made of: the sources, the libraries, and how it is made. */
const MADE_OF = ['src/**/*', 'package-lock.json', 'infra/package/bundle.ts']
const FOLDER = join(checkout, 'node_modules', '.cache', 'bundled')
/** Bundles of other sources that nothing uses any more, in milliseconds since they were made. */
const KEPT_MS = 24 * 60 * 60_000

/**
 * The command line as it is published, made once for each state of the sources: it starts in a third of the time of the
 * sources themselves.
 * @returns the command that starts it
 */
export async function bundledProgram(): Promise<readonly string[]> {
  const folder = join(FOLDER, digestOfSources())
  if (!existsSync(folder)) await makeOnce(folder)
  return [process.execPath, '--disable-warning=ExperimentalWarning', join(folder, 'modelops-gateway.js')]
}

function digestOfSources(): string {
  const digest = createHash('sha256')
  for (const file of globSync(MADE_OF, { cwd: checkout }).sort()) {
    const path = join(checkout, file)
    if (statSync(path).isFile()) digest.update(`${file}\0`).update(readFileSync(path)).update('\0')
  }
  return digest.digest('hex').slice(0, 16)
}

/** Several processes may do this at once: each makes one of its own, and the first one to be ready is used. */
async function makeOnce(folder: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  for (const name of readdirSync(FOLDER)) removeOld(join(FOLDER, name))
  const own = mkdtempSync(join(FOLDER, 'new-'))
  await bundle(own)
  try {
    renameSync(own, folder)
  } catch {
    rmSync(own, { recursive: true })
  }
}

function removeOld(folder: string): void {
  const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
  if (Date.now() - made > KEPT_MS) rmSync(folder, { recursive: true, force: true })
}
