import { mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '../parts/directories.ts'

/** The folder with all packages. */
export const OUTPUT = join(checkout, 'packages')

export const say = (line: string) => void process.stdout.write(`${line}\n`)

/** Replaces the folder when everything in it is made: a failure leaves the previous packages. */
export async function replaceOutput(make: (folder: string) => Promise<void>): Promise<void> {
  const made = await mkdtemp(`${OUTPUT}-`)
  try {
    await make(made)
    await rm(OUTPUT, { recursive: true, force: true })
    await rename(made, OUTPUT)
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}
