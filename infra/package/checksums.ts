import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const CHECKSUMS = 'SHA256SUMS'

/** Writes the checksums of all files in a folder, in the format of `sha256sum`. */
export async function writeChecksums(folder: string): Promise<void> {
  const lines: string[] = []
  for (const name of (await readdir(folder)).sort()) {
    const digest = createHash('sha256').update(await readFile(join(folder, name)))
    lines.push(`${digest.digest('hex')}  ${name}\n`)
  }
  await writeFile(join(folder, CHECKSUMS), lines.join(''))
}
