import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failuresOf } from './report/failures.ts'
import type { RunResult } from './report/result.ts'
import { summaryOf } from './report/summary.ts'
import { longRun } from './run.ts'

/** The short form of `npm run long-run`: the same traffic and the same rules, for a good minute. */

const say = (line: string) => process.stderr.write(`  ${line}\n`)
const seed = Date.now() % 1_000_000
const LIMIT = { timeout: 400_000 }

const show = (result: RunResult) => {
  for (const line of summaryOf(result)) say(line)
}

test('mixed traffic gets no wrong response and leaves nothing behind', LIMIT, async () => {
  say(`seed ${seed}`)
  const result = await longRun({ minutes: 1.25, seed, say })
  show(result)
  assert.deepEqual(failuresOf(result), [], JSON.stringify(result.wrong))
})

test('crossed responses, a leak of descriptors and a leak of timers are found and named', LIMIT, async () => {
  const plants = ['crossed', 'descriptor-leak', 'timer-leak'] as const
  const result = await longRun({ minutes: 0.5, seed, say, plants })
  const failures = failuresOf(result)
  const named = (pattern: RegExp) => assert.match(failures.join('\n'), pattern)
  named(/^crossed: .*nonce: expected [0-9a-f]{32}, received [0-9a-f]{32}/m)
  named(/^replica-0 after the traffic: descriptors \/dev\/null: 2 before, \d+ after$/m)
  named(/^replica-0 after the traffic: timers of ms 3600000: \d+ before, \d+ after$/m)
  // The fault is in the other replica alone, and nobody invents one.
  assert.deepEqual(
    failures.filter((failure) => failure.startsWith('replica-1')),
    [],
  )
  assert.ok(result.wrong.some(({ verdict, belongsTo }) => verdict === 'crossed' && belongsTo !== undefined))
})
