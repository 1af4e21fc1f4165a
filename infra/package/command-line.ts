import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { PartMissing, type Progress } from '../parts/progress.ts'
import { run } from '../parts/run.ts'

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

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
}

/** Fields of `package.json` that only a checkout needs. Its development dependencies include a Node. */
const OF_THE_CHECKOUT = ['devDependencies', 'scripts']

/**
 * Packs the gateway and its command line for npm. It is built in a folder of its own, so that nothing of an earlier build
 * gets into the package and the build of the checkout stays.
 * @throws PartMissing
 */
export async function packCommandLine({ output, clients, progress }: PackOptions): Promise<void> {
  const stage = await mkdtemp(join(tmpdir(), 'package-'))
  try {
    progress('modelops-gateway: compiling')
    const build = ['-p', join(checkout, 'tsconfig.build.json'), '--outDir', join(stage, 'dist'), '--sourceMap', 'false']
    await must('tsc', build)
    await copyFiles(stage, clients)
    progress('modelops-gateway: packing')
    const options = ['--pack-destination', output, '--ignore-scripts', '--offline', '--no-update-notifier', '--silent']
    await must('npm', ['pack', stage, ...options])
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
  await writeJson(join(stage, 'package.json'), { ...kept, bundleDependencies: true })
  for (const path of await dependencies()) {
    await cp(join(checkout, path), join(stage, path), { recursive: true, filter: isUsedAtRunTime })
  }
  await mkdir(join(stage, 'dist', 'clients'))
  for (const wheel of clients) await copyFile(wheel, join(stage, 'dist', 'clients', basename(wheel)))
}

/** The folders of all dependencies, also of dependencies, as `npm ci` installed them from the lock file. */
async function dependencies(): Promise<string[]> {
  const { packages } = JSON.parse(await readFile(join(checkout, 'package-lock.json'), 'utf8')) as Lock
  return Object.keys(packages).filter((path) => path !== '' && packages[path]?.dev !== true)
}

/** Half of the files of the dependencies are types and source maps. */
const isUsedAtRunTime = (path: string) => !/\.(?:[cm]?ts|map)$/.test(path)

const writeJson = (path: string, value: unknown) => writeFile(path, `${JSON.stringify(value, null, 2)}\n`)

async function must(command: string, args: readonly string[]): Promise<void> {
  const { ok, tail } = await run(command, args)
  if (!ok) throw new PartMissing(`${command} failed.\n${tail}`)
}
