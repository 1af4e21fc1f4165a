import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { PartMissing, type Progress } from '../parts/progress.ts'
import { run } from '../parts/run.ts'
import { type BundledPackage, bundle } from './bundle.ts'
import { VERSION } from './python-packages.ts'
import { writeTypes } from './types.ts'

/** The file of the npm package. */
export const TARBALL = `modelops-gateway-${VERSION}.tgz`

export interface PackOptions {
  readonly output: string
  /** Wheels that the gateway serves to its users. */
  readonly clients: readonly string[]
  readonly progress: Progress
}

interface Manifest {
  readonly files: readonly string[]
  readonly [field: string]: unknown
}

/** Fields of `package.json` that only a checkout needs: the bundle contains the dependencies. */
const OF_THE_CHECKOUT = ['dependencies', 'devDependencies', 'scripts']

/**
 * Packs the gateway and its command line for npm. It is built in a folder of its own, so that nothing of an earlier build
 * gets into the package and the build of the checkout stays. Resolves to the libraries in it.
 * @throws PartMissing
 */
export async function packCommandLine({ output, clients, progress }: PackOptions): Promise<readonly BundledPackage[]> {
  const stage = await mkdtemp(join(tmpdir(), 'package-'))
  try {
    progress('modelops-gateway: bundling')
    const bundled = await bundle(join(stage, 'dist'))
    await writeTypes(join(stage, 'dist'))
    await copyFiles(stage, clients)
    progress('modelops-gateway: packing')
    const options = ['--pack-destination', output, '--ignore-scripts', '--offline', '--no-update-notifier', '--silent']
    const { ok, tail } = await run('npm', ['pack', stage, ...options])
    if (!ok) throw new PartMissing(`npm pack failed.\n${tail}`)
    return bundled
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

async function copyFiles(stage: string, clients: readonly string[]): Promise<void> {
  const manifest = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as Manifest
  for (const name of manifest.files) {
    if (name !== 'dist') await cp(join(checkout, name), join(stage, name), { recursive: true })
  }
  const kept = Object.fromEntries(Object.entries(manifest).filter(([field]) => !OF_THE_CHECKOUT.includes(field)))
  await writeJson(join(stage, 'package.json'), kept)
  await mkdir(join(stage, 'dist', 'clients'))
  for (const wheel of clients) await copyFile(wheel, join(stage, 'dist', 'clients', basename(wheel)))
}

const writeJson = (path: string, value: unknown) => writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
