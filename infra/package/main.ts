import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { CHECKSUMS } from './checksums.ts'
import { currentBase, pinBase, pinnedBase } from './image/base-packages.ts'
import { KINDS, type Kind, makePackages } from './make-packages.ts'
import { OUTPUT, replaceOutput, say } from './output.ts'
import { LOCAL_BUILDER } from './provenance.ts'
import { sourceOf } from './source.ts'

/** `npm run package`: everything that users install, in the folder `packages`. */

const HELP = `Usage: npm run package -- [options]

Makes everything that users install, in packages/: the npm package, a wheel and a source distribution of each Python package,
the Helm chart, an OCI image for amd64 and arm64, a bill of materials of each (CycloneDX), their provenance (in-toto, SLSA) and
their checksums. Two runs of one commit make the same bytes.

  --only KIND      one of ${KINDS.join(', ')}, and what it contains; can be repeated (default: all)
  --builder URI    the service that runs the build, for the provenance (default: ${LOCAL_BUILDER})
  --update-base    pin the newest versions of the Debian packages in the image, and make nothing
  --help           this text

The image needs Debian: buildah is installed with apt-get if it is missing. Environment: SOURCE_DATE_EPOCH, the date of every
file in seconds since 1970 (default: that of the commit). \`npm run release\` makes, compares and signs a release.
`

const OPTIONS = {
  only: { type: 'string', multiple: true },
  builder: { type: 'string', default: LOCAL_BUILDER },
  'update-base': { type: 'boolean' },
  help: { type: 'boolean' },
} as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return void process.stdout.write(HELP)
  if (values['update-base']) return await updateBase()
  const kinds = (values.only ?? KINDS).map(kindOf)
  if (!URL.canParse(values.builder)) throw new Error(`--builder: expected a URI, received ${values.builder}.`)
  const began = performance.now()
  const { builder } = values
  const options = { kinds, source: await sourceOf(), base: pinnedBase(), builder, progress: say }
  await replaceOutput((folder) => makePackages(folder, options))
  await report((performance.now() - began) / 1000)
}

function kindOf(text: string): Kind {
  const kind = KINDS.find((each) => each === text)
  if (!kind) throw new Error(`--only: expected one of ${KINDS.join(', ')}, received ${text}.`)
  return kind
}

async function updateBase(): Promise<void> {
  const changed = pinBase(await currentBase(say))
  for (const { name, version } of changed) say(`${name} ${version}`)
  say(changed.length > 0 ? 'Pinned. Look at the change, and commit it.' : 'Every package is the newest one.')
}

async function report(seconds: number): Promise<void> {
  const folder = relative(process.cwd(), OUTPUT)
  say(`\nMade in ${seconds.toFixed(0)} s:`)
  for (const name of await readdir(OUTPUT)) {
    const path = join(OUTPUT, name)
    const content = name === CHECKSUMS ? '' : `  ${Math.ceil((await stat(path)).size / 1024)} kB`
    say(`  ${join(folder, name)}${content}`)
  }
  say(`\nSHA-256:\n${await readFile(join(OUTPUT, CHECKSUMS), 'utf8')}`)
}

main().catch((error: unknown) => {
  process.stderr.write(`The packages could not be made.\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
