import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { checkout } from '../../parts/directories.ts'
import { buildSite, versionsIn } from './build.ts'
import { ensureDocsSite } from './install.ts'
import { serveSite } from './serve.ts'

/** `npm run docs:site`: the documentation as a website in the folder `site`. */

const HELP = `Usage: npm run docs:site -- [options]

Builds the documentation as a website in site/X.Y, and keeps the other versions in site/. The first run installs VitePress;
later runs need no network.

  --version X.Y      the version to build (default: that of package.json)
  --from COMMIT      build the documentation of a commit or tag (default: the files of this checkout)
  --base PATH        where the website is on its host (default: /)
  --repository URL   the address of a file of the repository, with PATH in it, for links to source files
                     (default: such links become plain text)
  --serve            serve all versions on loopback after the build, and print the address
  --port PORT        the port for --serve (default: a free one)
  --help             this text
`

const OUTPUT = join(checkout, 'site')
const OPTIONS = {
  version: { type: 'string' },
  from: { type: 'string' },
  base: { type: 'string', default: '/' },
  repository: { type: 'string' },
  serve: { type: 'boolean' },
  port: { type: 'string', default: '0' },
  help: { type: 'boolean' },
} as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return void process.stdout.write(HELP)
  const version = values.version ?? ownVersion()
  if (!/^\d+\.\d+$/.test(version)) throw new Error(`--version: expected X.Y, such as 0.2, received ${version}.`)
  if (!/^\/(?:[\w.-]+\/)*$/.test(values.base))
    throw new Error(`--base: expected a path that begins and ends with /, received ${values.base}.`)
  if (values.serve && values.base !== '/') throw new Error('--serve serves at /: leave out --base.')
  const began = performance.now()
  await ensureDocsSite()
  const { base, from, repository } = values
  await buildSite({ directory: OUTPUT, version, base, from, repository })
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const folder = relative(process.cwd(), join(OUTPUT, version))
  process.stdout.write(`Made in ${seconds} s: ${folder}  (versions: ${versionsIn(OUTPUT).join(', ')})\n`)
  if (!values.serve) return
  const { url } = await serveSite(OUTPUT, Number(values.port))
  process.stdout.write(`Serving ${url}  Ctrl-C stops it.\n`)
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string }
  return version.split('.').slice(0, 2).join('.')
}

main().catch((error: unknown) => {
  process.stderr.write(`The website could not be built.\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
