import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256Of } from './digest.ts'

export const CHECKSUMS = 'SHA256SUMS'

/** Writes the checksums of all files in a folder, in the format of `sha256sum`. */
export async function writeChecksums(folder: string): Promise<void> {
  const lines = await Promise.all((await readdir(folder)).sort().map((name) => lineOf(folder, name)))
  await writeFile(join(folder, CHECKSUMS), lines.map((line) => `${line}\n`).join(''))
}

/** The files in a folder that differ from its checksums, are not in them, or are missing. A signature is none. */
export async function changedFiles(folder: string): Promise<readonly string[]> {
  const listed = (await readFile(join(folder, CHECKSUMS), 'utf8')).trim().split('\n')
  const names = (await readdir(folder)).filter((name) => !name.startsWith(CHECKSUMS))
  const found = await Promise.all(names.map((name) => lineOf(folder, name)))
  const differing = [
    ...listed.filter((line) => !found.includes(line)),
    ...found.filter((line) => !listed.includes(line)),
  ]
  return [...new Set(differing.map((line) => line.split('  ')[1] ?? line))]
}

const lineOf = async (folder: string, name: string) => `${await sha256Of(join(folder, name))}  ${name}`
