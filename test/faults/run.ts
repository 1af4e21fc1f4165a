import { parseArgs } from 'node:util'
import { clocks } from './clocks.ts'
import { disk } from './disk.ts'
import { cluster, sentinel } from './failovers.ts'
import { holders } from './holders.ts'
import { outages } from './outages.ts'
import { redisSettings } from './redis-settings.ts'
import { refreshes } from './refreshes.ts'
import { revocations } from './revocations.ts'
import { isGood, type Row, type Rows } from './row.ts'

/** Groups of faults in the order of the table. They share no part, so several run at the same time. */
const GROUPS = { outages, refreshes, holders, clocks, sentinel, cluster, redisSettings, revocations, disk }
const CONCURRENCY = 3

const HELP = `npm run test:faults [-- OPTION...]: causes failures of each part under load and prints what users saw.

  --only NAME            only this group of faults, may be repeated: ${Object.keys(GROUPS).join(', ')}
  --limit-seconds COUNT  a row that takes longer, including its set-up, has failed, and so has its group. Default: 240
`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    'limit-seconds': { type: 'string', default: '240' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const limitSeconds = Number(values['limit-seconds'])
const chosen = Object.entries(GROUPS).filter(([name]) => values.only?.includes(name) ?? true)

const print = (line: string) => process.stdout.write(`${line}\n`)
const report = (line: string) => process.stderr.write(`${line}\n`)

/** A group that is late is left to itself: its parts end with this process. @throws Error */
async function withinLimit<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${limitSeconds} s`)), limitSeconds * 1000)
  })
  return await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Resolves to whether every row of the group is good. A lab that fails is a bad row. */
async function runGroup(name: string, rows: Rows, done: (line: string) => void): Promise<boolean> {
  let good = true
  try {
    const group = rows()
    for (;;) {
      const { value: row, done: isLast } = await withinLimit(group.next())
      if (isLast) return good
      good &&= isGood(row)
      done(lineOf(row))
      report(`${isGood(row) ? 'passed' : 'FAILED'}: ${row.fault}`)
    }
  } catch (error) {
    report(`FAILED: ${name}`)
    done(`| ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)} | | | | | | |`)
    return false
  }
}

function lineOf({ fault, held, failed, loggedOut, letIn, lastFailureAt, note, faults, broken }: Row): string {
  const seen = [note, ...(failed === 0 ? [] : [JSON.stringify(faults)]), ...broken.map((each) => `EXPECTED: ${each}`)]
  return `| ${fault} | ${held} | ${failed} | ${loggedOut} | ${letIn} | ${Math.round(lastFailureAt)} | ${seen.join('; ')} |`
}

// An interrupted lab still releases what outlives its processes.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

const lines = chosen.map((): string[] => [])
const waiting = [...chosen.entries()]
let good = chosen.length > 0
async function lane(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [index, [name, rows]] = next
    const held = await runGroup(name, rows, (line) => lines[index]?.push(line))
    good &&= held
  }
}
await Promise.all(Array.from({ length: CONCURRENCY }, lane))
print('| fault | successful requests/s | failed | signed out | accepted without session | last failure after (ms) | |')
print('| --- | --- | --- | --- | --- | --- | --- |')
for (const line of lines.flat()) print(line)
// A lab whose set-up failed may have left a part running, which would keep this process from ending. Parts end with it.
process.exit(good ? 0 : 1)
