import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', 'corpus')

/** One input on each line, as a JSON string whose characters are bytes. */
const fileOf = (target: string) => join(FOLDER, `${target}.txt`)

/** The kept inputs of a target, shortest first. */
export function readCorpus(target: string): Buffer[] {
  if (!existsSync(fileOf(target))) return []
  const lines = readFileSync(fileOf(target), 'utf8').trimEnd().split('\n')
  return lines.filter((line) => line !== '').map((line) => Buffer.from(JSON.parse(line) as string, 'latin1'))
}

export function writeCorpus(target: string, inputs: readonly Buffer[]): void {
  const sorted = [...inputs].sort((a, b) => a.length - b.length || Buffer.compare(a, b))
  writeFileSync(fileOf(target), sorted.map((input) => `${printInput(input)}\n`).join(''))
}

/** An input as a line of ASCII. */
export const printInput = (input: Buffer): string =>
  JSON.stringify(input.toString('latin1')).replace(/[\x7f-\xff]/g, (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`)
