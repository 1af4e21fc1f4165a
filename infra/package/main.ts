import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { checkout } from '../parts/directories.ts'
import { CHECKSUMS } from './checksums.ts'
import { makePackages } from './make-packages.ts'
import { sourceDate } from './source-date.ts'

/** `npm run package`: everything that users install, in the folder `packages`. */

const OUTPUT = join(checkout, 'packages')
const say = (line: string) => process.stdout.write(`${line}\n`)

async function main(): Promise<void> {
  const began = performance.now()
  // The folder is replaced when everything is made: a failure leaves the previous packages.
  const made = await mkdtemp(`${OUTPUT}-`)
  try {
    await makePackages(made, await sourceDate(), say)
    await rm(OUTPUT, { recursive: true, force: true })
    await rename(made, OUTPUT)
  } finally {
    await rm(made, { recursive: true, force: true })
  }
  await report((performance.now() - began) / 1000)
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
