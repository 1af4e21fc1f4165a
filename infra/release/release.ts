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
import { checkKey, type SigningKey, signChecksums } from './sign.ts'

/** `npm run release`: everything that users install, made twice, compared and signed, in the folder `packages`. */

const HELP = `Usage: npm run release -- [options]

Makes a release in packages/ from a tagged commit: makes all packages twice in two folders, compares them byte by byte, and signs
their checksums with minisign. It publishes nothing.

  --key FILE            minisign secret key (default: the text in the variable SIGNING_KEY)
  --password-file FILE  file with the password of the key (default: the variable SIGNING_KEY_PASSWORD; none for a key without)
  --builder URI         the service that runs the build, for the provenance (default: ${LOCAL_BUILDER})
  --help                this text
`

const OPTIONS = {
  key: { type: 'string' },
  'password-file': { type: 'string' },
  builder: { type: 'string', default: LOCAL_BUILDER },
  help: { type: 'boolean' },
} as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return void process.stdout.write(HELP)
  const key = await signingKey(values.key, values['password-file'])
  const problems = await releaseProblems(checkout, VERSION)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  await checkKey(key, say)
  const { builder } = values
  const options = { kinds: KINDS, source: await sourceOf(), base: pinnedBase(), builder, progress: say }
  await replaceOutput(async (folder) => {
    const second = await mkdtemp(join(tmpdir(), 'packages-'))
    try {
      const sums = [await makeOnce(folder, options), await makeOnce(second, options)]
      if (sums[0] !== sums[1]) throw new Error(`Two builds of one commit differ:\n${differing(sums)}`)
      await signChecksums(folder, key, `modelops-gateway ${VERSION}`, say)
      say(`\nBoth builds are identical. SHA-256:\n${sums[0]}\npackages/${CHECKSUMS}.minisig signs them.`)
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

async function signingKey(keyFile: string | undefined, passwordFile: string | undefined): Promise<SigningKey> {
  const { SIGNING_KEY, SIGNING_KEY_PASSWORD = '' } = process.env
  const key = keyFile === undefined ? SIGNING_KEY : await readFile(keyFile, 'utf8')
  if (!key)
    throw new Error(
      'There is no key to sign with. Expected --key FILE or the variable SIGNING_KEY. `minisign -G` makes a key.',
    )
  const password =
    passwordFile === undefined ? SIGNING_KEY_PASSWORD : (await readFile(passwordFile, 'utf8')).replace(/\r?\n$/, '')
  return { key, password }
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
