import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { checkout } from '../parts/directories.ts'

/** Name of the file with the licences of everything that is in the bundle. */
const LICENCES = 'THIRD-PARTY-LICENSES.txt'

/** Programs and modules that start from outside. */
const ENTRIES = { 'modelops-gateway': 'src/cli/main.ts', 'job-env': 'src/core-api/jobs/job-env.ts' }

/** A library in the bundle. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** SPDX expression. */
  readonly license: string
  /** Folder below the checkout. */
  readonly folder: string
}

/**
 * Writes the program with all libraries that it uses: a file for each command, and files for what several share. Names
 * stay readable, and each file has a source map. The same sources give the same bytes.
 * @param output A folder. Files of an earlier bundle stay.
 * @returns the libraries, in order of their names
 */
export async function bundle(output: string): Promise<readonly BundledPackage[]> {
  const { metafile } = await build({
    absWorkingDir: checkout,
    entryPoints: ENTRIES,
    outdir: output,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    // Optional parts of pg that are not installed.
    external: ['pg-native', 'pg-cloudflare'],
  })
  await complete(Object.keys(metafile.outputs).filter((name) => name.endsWith('.js')))
  const packages = await packagesOf(Object.keys(metafile.inputs))
  await writeFile(join(output, LICENCES), (await Promise.all(packages.map(licenceOf))).join(`\n${'-'.repeat(80)}\n\n`))
  return packages
}

/** What libraries in CommonJS get modules of Node with. It costs time and memory in each file that has it. */
const REQUIRE =
  "import { createRequire as createBundleRequire } from 'node:module'\nconst require = createBundleRequire(import.meta.url)\n"

/**
 * Makes the files of the bundle ASCII, and adds {@link REQUIRE} to the one that uses it for all others. That one has no
 * lines of any source, so that no map is wrong after it. @throws Error if there is not one such file
 */
async function complete(names: readonly string[]): Promise<void> {
  const files = await Promise.all(
    names.map(async (name) => ({ name, text: asciiOf(await readFile(join(checkout, name), 'utf8')) })),
  )
  const using = files.filter(({ text }) => text.includes('typeof require'))
  if (using.length !== 1)
    throw new Error(
      `expected one file of the bundle that uses require, got ${using.map(({ name }) => name).join(', ')}`,
    )
  await Promise.all(
    files.map((file) => writeFile(join(checkout, file.name), file === using[0] ? REQUIRE + file.text : file.text)),
  )
}

/**
 * V8 keeps the text of a module in memory, with two bytes for each character as soon as one is beyond Latin-1. esbuild
 * escapes such characters in strings alone; an escape means the same in a regular expression and in a template.
 */
const asciiOf = (text: string) => text.replace(/[^\x00-\x7f]/g, escaped)

/** @param unit one UTF-16 code unit */
const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

async function packagesOf(inputs: readonly string[]): Promise<BundledPackage[]> {
  const folders = inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  const packages = [...new Set(folders)].map(async (folder) => {
    const manifest = JSON.parse(await readFile(join(checkout, folder, 'package.json'), 'utf8'))
    const { name, version, license } = manifest as Omit<BundledPackage, 'folder'>
    return { name, version, license, folder }
  })
  const byName = (one: BundledPackage, other: BundledPackage) => (one.name < other.name ? -1 : 1)
  return (await Promise.all(packages)).sort(byName)
}

/** The licence of a package, in the words of its own file, or of its README. @throws Error for a package without one */
async function licenceOf({ name, version, license, folder }: BundledPackage): Promise<string> {
  const all = (await readdir(join(checkout, folder))).sort()
  const own = all.filter((each) => /^(?:licen[cs]e|notice)/i.test(each))
  const files = own.length > 0 ? own : all.filter((each) => /^readme/i.test(each))
  const whole = await Promise.all(files.map((file) => readFile(join(checkout, folder, file), 'utf8')))
  const texts = own.length > 0 ? whole : whole.flatMap((text) => /^#+ *licen[cs]e.*/ims.exec(text)?.[0] ?? [])
  if (texts.length === 0)
    throw new Error(`${name} ${version} (${license}) has no text of its licence. See infra/package/bundle.ts.`)
  return [`${name} ${version}: ${license}`, ...texts.map((text) => text.trim())].join('\n\n').concat('\n')
}
