import { parseArgs } from 'node:util'
import { PartMissing } from '../parts/progress.ts'
import { problemsOf } from './check-room.ts'
import { ensureStryker } from './install.ts'
import { resultOf, scoreOf, writeResult } from './results.ts'
import { MUTATED_ROOMS, type MutatedRoom } from './rooms.ts'
import { runStryker } from './stryker.ts'
import { acceptedSurvivors } from './survivors.ts'

/**
 * `npm run mutation [-- --room NAME ...]`: changes the source in thousands of small ways, and checks that a test notices each
 * one. Exits with 1 if the score of a room is too low, or if a survivor has no reason.
 */
const print = (line: string) => process.stdout.write(`${line}\n`)

const HELP = `npm run mutation [-- OPTION ...]: changes the source, and checks that the tests notice

  --room NAME   this room alone; several: repeat the option. Default: all rooms
  --write       writes the results for the reference page; then run \`npm run docs\`
  --help        this text

Rooms:
${MUTATED_ROOMS.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join('\n')}`

const values = optionsOf()
if (values.help) {
  print(HELP)
  process.exit(0)
}

const chosen = chooseRooms(values.room)
try {
  await ensureStryker()
  const problems: string[] = []
  for (const room of chosen) problems.push(...(await checkRoom(room, values.write ?? false)))
  for (const problem of problems) print(`\n${problem}`)
  process.exitCode = problems.length === 0 ? 0 : 1
} catch (error) {
  process.stderr.write(`${error instanceof PartMissing ? error.message : error}\n`)
  process.exitCode = 2
}

async function checkRoom(room: MutatedRoom, writes: boolean): Promise<string[]> {
  print(`\n=== ${room.name}: ${room.about}`)
  const startedAt = performance.now()
  const report = await runStryker(room)
  const result = resultOf(report)
  const { mutants, killed, timeout, survived, noCoverage } = result
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  print(
    `=== ${room.name}: ${mutants} mutants, ${killed} killed, ${timeout} timed out, ${survived} survived, ${noCoverage} without coverage: ${scoreOf(result).toFixed(1)} % in ${seconds} s`,
  )
  if (writes) writeResult(room.name, result)
  return problemsOf(room.name, report, acceptedSurvivors(room.name))
}

function optionsOf() {
  try {
    const flag = { type: 'boolean' } as const
    const options = { room: { type: 'string', multiple: true }, write: flag, help: { ...flag, short: 'h' } } as const
    return parseArgs({ options }).values
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    process.exit(2)
  }
}

function chooseRooms(names: readonly string[] | undefined): readonly MutatedRoom[] {
  const unknown = (names ?? []).filter((name) => !MUTATED_ROOMS.some((room) => room.name === name))
  if (unknown.length > 0) {
    print(`--room: expected ${MUTATED_ROOMS.map(({ name }) => name).join(', ')}, got ${unknown.join(', ')}`)
    process.exit(2)
  }
  return MUTATED_ROOMS.filter(({ name }) => names?.includes(name) ?? true)
}
