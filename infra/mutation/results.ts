import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { MUTATED_ROOMS } from './rooms.ts'
import type { Report } from './stryker.ts'

const count = z.number().int().nonnegative()
const roomResult = z.strictObject({
  mutants: count,
  killed: count,
  timeout: count,
  survived: count,
  noCoverage: count,
  /** Words of errors, which are not changed, and changes that could not be tried. */
  ignored: count,
  errors: count,
})

export type RoomResult = z.infer<typeof roomResult>

/** The least score of a room, in percent. */
export const LEAST_SCORE = 90

const FILE = join(import.meta.dirname, 'results.generated.json')

/** The results of the last runs, by room. */
export const readResults = (): Record<string, RoomResult> =>
  z.record(z.string(), roomResult).parse(JSON.parse(readFileSync(FILE, 'utf8')))

/** Rooms that are no longer there go. */
export function writeResult(room: string, result: RoomResult): void {
  const results = { ...readResults(), [room]: result }
  const kept = MUTATED_ROOMS.flatMap(({ name }) => (results[name] === undefined ? [] : [[name, results[name]]]))
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`)
}

export function resultOf({ files }: Report): RoomResult {
  const statuses = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status))
  const of = (status: string) => statuses.filter((each) => each === status).length
  const [killed, timeout, survived, noCoverage] = [of('Killed'), of('Timeout'), of('Survived'), of('NoCoverage')]
  const mutants = killed + timeout + survived + noCoverage
  const ignored = of('Ignored')
  return { mutants, killed, timeout, survived, noCoverage, ignored, errors: statuses.length - mutants - ignored }
}

/** Mutants that tests notice, in percent. A mutant that never ends is noticed. */
export const scoreOf = ({ mutants, killed, timeout }: RoomResult): number =>
  mutants === 0 ? 0 : (100 * (killed + timeout)) / mutants
