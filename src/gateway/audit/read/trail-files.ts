import { basename, dirname, join } from 'node:path'
import { readChained } from '../file/chain.ts'
import { readLines } from './read-lines.ts'

/** The files of one process, in the order in which they were written. */
export interface TrailFiles {
  /** `audit-1.jsonl`, without what a rotation or a compression added. */
  readonly name: string
  readonly paths: readonly string[]
}

/** What rotation adds: `.000001` before the extension; logrotate's `.1` after it; and compression. */
const ROTATED = /\.(?:\d{6,15})(?=\.[^.]+$)/
const NUMBERED = /(?:\.\d{1,10})?(?:\.gz)?$/

/**
 * Sorts files into trails. Within a trail, the numbers of the chain decide; files without a chain follow their names, with
 * the current one last.
 */
export async function groupFiles(paths: readonly string[]): Promise<TrailFiles[]> {
  const trails = new Map<string, { path: string; seq: number }[]>()
  for (const path of new Set(paths)) {
    const name = trailName(path)
    const files = trails.get(name) ?? []
    trails.set(name, files)
    files.push({ path, seq: await firstNumber(path) })
  }
  return [...trails].map(([name, files]) => ({ name, paths: files.sort(byOrder).map(({ path }) => path) }))
}

function trailName(path: string): string {
  const plain = basename(path).replace(NUMBERED, '').replace(ROTATED, '')
  return join(dirname(path), plain)
}

async function firstNumber(path: string): Promise<number> {
  for await (const { text } of readLines(path)) return readChained(text)?.seq ?? Number.NaN
  return Number.POSITIVE_INFINITY
}

function byOrder(one: { path: string; seq: number }, other: { path: string; seq: number }): number {
  if (one.seq !== other.seq && !Number.isNaN(one.seq) && !Number.isNaN(other.seq)) return one.seq < other.seq ? -1 : 1
  return ageOf(one.path) - ageOf(other.path) || one.path.localeCompare(other.path)
}

/** The order of names: full files by number, then logrotate's from the highest to the lowest, then the current one. */
function ageOf(path: string): number {
  const [, rotated] = /\.(\d{6,15})\.[^.]+?(?:\.gz)?$/.exec(path) ?? []
  if (rotated !== undefined) return Number(rotated) - 2e15
  const [, numbered] = /\.(\d{1,10})(?:\.gz)?$/.exec(path) ?? []
  return numbered === undefined ? 0 : -Number(numbered)
}
