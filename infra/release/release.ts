import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CHECKSUMS } from '../package/checksums.ts'
import { pinnedBase } from '../package/image/base-packages.ts'
import { KINDS, type MakeOptions, makePackages } from '../package/make-packages.ts'
import { replaceOutput, say } from '../package/output.ts'
import { LOCAL_BUILDER } from '../package/provenance.ts'
import { VERSION } from '../package/python-packages.ts'
import { sourceOf } from '../package/source.ts'
import { checkout } from '../parts/directories.ts'
import { releaseProblems } from './release-problems.ts'

/** `npm run release`: everything that users install, made twice and compared, in the folder `packages`. */

const HELP = `Usage: npm run release -- [options]

Makes a release in packages/ from a tagged commit: makes all packages twice in two folders, and compares them byte by byte.
\`npm run sign\` signs them then. It publishes nothing.

  --builder URI  the service that runs the build, for the provenance (default: ${LOCAL_BUILDER})
  --help         this text
`

const OPTIONS = {
  builder: { type: 'string', default: LOCAL_BUILDER },
  help: { type: 'boolean' },
} as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return void process.stdout.write(HELP)
  const problems = await releaseProblems(checkout, VERSION)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const { builder } = values
  const options = { kinds: KINDS, source: await sourceOf(), base: pinnedBase(), builder, progress: say }
  await replaceOutput(async (folder) => {
    const second = await mkdtemp(join(tmpdir(), 'packages-'))
    try {
      const sums = [await makeOnce(folder, options), await makeOnce(second, options)]
      if (sums[0] !== sums[1]) throw new Error(`Two builds of one commit differ:\n${differing(sums)}`)
      say(`\nBoth builds are identical. SHA-256:\n${sums[0]}\nNext: npm run sign`)
    } finally {
      await rm(second, { recursive: true, force: true })
    }
  })
}

/** Resolves to the checksums. */
async function makeOnce(folder: string, options: MakeOptions): Promise<string> {
  say(`making all packages in ${folder}`)
  await makePackages(folder, options)
  return await readFile(join(folder, CHECKSUMS), 'utf8')
}

/** The files whose checksums differ. */
function differing([one = '', other = '']: readonly string[]): string {
  const others = new Set(other.split('\n'))
  return one
    .split('\n')
    .filter((line) => !others.has(line))
    .map((line) => line.split('  ')[1])
    .join('\n')
}

main().catch((error: unknown) => {
  process.stderr.write(`The release could not be made.\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
