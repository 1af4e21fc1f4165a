import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkout } from '../../infra/parts/directories.ts'
import { failuresOf } from './report/failures.ts'
import { pageOf } from './report/page.ts'
import { pictureOf } from './report/picture.ts'
import type { RunResult } from './report/result.ts'
import { summaryOf } from './report/summary.ts'
import { longRun } from './run.ts'
import { PLANTS, type Plant } from './world/world.ts'

const HELP = `npm run long-run -- [OPTION ...]: mixed traffic on two replicas, each response checked to be the one to its request

  --minutes N   length of the traffic, 0.5 to 1440. Default: 30
  --seed N      whole number that the choices begin with. Default: another one each time; it is printed
  --plant NAME  a fault on purpose, to see that it is found: ${PLANTS.join(', ')}. May be repeated
  --json FILE   writes what was measured to a file
  --from FILE   reads it from such a file instead of a run
  --write       writes docs/reference/long-run.md and its picture
  --help        this text

Exits with 1 if a response was wrong, if something grew, or if something was left behind.`

const print = (line: string) => process.stdout.write(`${line}\n`)

function usage(problem: string): never {
  print(`${problem}\n\n${HELP}`)
  process.exit(2)
}

function optionsOf() {
  try {
    const text = { type: 'string' } as const
    const flag = { type: 'boolean' } as const
    const plant = { ...text, multiple: true } as const
    return parseArgs({
      options: { minutes: text, seed: text, plant, json: text, from: text, write: flag, help: { ...flag, short: 'h' } },
    }).values
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error))
  }
}

const values = optionsOf()
if (values.help) {
  print(HELP)
  process.exit(0)
}
const minutes = Number(values.minutes ?? 30)
if (!(minutes >= 0.5 && minutes <= 1440)) usage(`--minutes: expected a number from 0.5 to 1440, got ${values.minutes}`)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!Number.isInteger(seed) || seed < 0) usage(`--seed: expected a whole number from 0, got ${values.seed}`)
const unknown = values.plant?.find((name) => !PLANTS.includes(name as Plant))
if (unknown !== undefined) usage(`--plant: expected ${PLANTS.join(', ')}, got ${unknown}`)

// An interrupted run still ends its processes.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

if (values.from === undefined) print(`${minutes} minutes, seed ${seed}`)
const result =
  values.from === undefined
    ? await longRun({ minutes, seed, plants: (values.plant ?? []) as Plant[], say: print })
    : (JSON.parse(readFileSync(values.from, 'utf8')) as RunResult)
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result))
if (values.write) {
  const page = join(checkout, 'docs/reference/long-run.md')
  writeFileSync(
    page,
    pageOf(result, new Date().toISOString().slice(0, 10), existsSync(page) ? readFileSync(page, 'utf8') : ''),
  )
  writeFileSync(join(checkout, 'docs/pictures/long-run.svg'), pictureOf(result))
}
for (const line of summaryOf(result)) print(line)
for (const wrong of result.wrong) print(JSON.stringify(wrong))
const failures = failuresOf(result)
for (const failure of failures) print(`FAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
