import { parseArgs } from 'node:util'
import { failover, outages, type Row, refreshes } from './rows.ts'

/** `npm run test:faults [-- --full] [-- --only NAME]`: breaks each part under load and prints what people saw of it. */

const GROUPS = { outages, refreshes, failover }
const { values } = parseArgs({ options: { full: { type: 'boolean', default: false }, only: { type: 'string' } } })

const say = (line: string) => process.stdout.write(`${line}\n`)
const isGood = ({ failed, mayFail, loggedOut, letIn }: Row) => failed <= mayFail && loggedOut === 0 && letIn === 0

let good = true
say('| fault | load held (requests/s) | failed | logged out | let in | last failure after (ms) | |')
say('| --- | --- | --- | --- | --- | --- | --- |')
for (const [name, group] of Object.entries(GROUPS)) {
  if (values.only !== undefined && values.only !== name) continue
  for await (const row of group({ full: values.full })) {
    good &&= isGood(row)
    const { fault, held, failed, loggedOut, letIn, lastFailureAt, note, faults } = row
    const seen = failed === 0 ? note : `${note} ${JSON.stringify(faults)}`
    say(`| ${fault} | ${held} | ${failed} | ${loggedOut} | ${letIn} | ${Math.round(lastFailureAt)} | ${seen} |`)
  }
}
process.exitCode = good ? 0 : 1
