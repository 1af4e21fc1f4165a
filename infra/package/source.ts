import { checkout } from '../parts/directories.ts'
import { git } from '../parts/git.ts'
import { PartMissing } from '../parts/progress.ts'

const VARIABLE = 'SOURCE_DATE_EPOCH'

/**
 * The date of the files in the packages, in seconds since 1970: the variable if it is set, else the date of the commit.
 * @see https://reproducible-builds.org/specs/source-date-epoch/
 * @throws PartMissing
 */
export async function sourceDate(
  given: string | undefined = process.env[VARIABLE],
  folder = checkout,
): Promise<number> {
  if (given !== undefined) return secondsOf(given)
  const { ok, tail } = await git(folder, 'log', '-1', '--format=%ct')
  if (!ok)
    throw new PartMissing(`The date of the commit is unknown. Set ${VARIABLE} to the seconds since 1970.\n${tail}`)
  return secondsOf(tail)
}

/** What the packages are made from. */
export interface Source {
  /** Of every file in the packages, in seconds since 1970. */
  readonly date: number
  /** Hexadecimal name of the commit, if this is a checkout. */
  readonly commit: string | undefined
  /** Whether files differ from the commit, or there is none. */
  readonly changed: boolean
}

/** @throws PartMissing if the date is unknown */
export async function sourceOf(folder = checkout): Promise<Source> {
  const date = await sourceDate(process.env[VARIABLE], folder)
  const commit = await git(folder, 'rev-parse', 'HEAD')
  if (!commit.ok) return { date, commit: undefined, changed: true }
  const status = await git(folder, 'status', '--porcelain')
  if (!status.ok) throw new PartMissing(`git cannot say whether files were changed.\n${status.tail}`)
  return { date, commit: commit.tail, changed: status.tail !== '' }
}

/** The formats of the packages have no earlier date than 1980. */
const EARLIEST = 315_532_800

function secondsOf(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) >= EARLIEST) return Number(text)
  throw new PartMissing(`${VARIABLE}: expected the seconds since 1970, at least ${EARLIEST}, received "${text}".`)
}
