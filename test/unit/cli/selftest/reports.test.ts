import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as z from 'zod'
import type { Result, Verdict } from '../../../../src/cli/selftest/case.ts'
import { asHtml } from '../../../../src/cli/selftest/report/html.ts'
import { asJson } from '../../../../src/cli/selftest/report/json.ts'
import type { Run } from '../../../../src/cli/selftest/report/run.ts'
import { asSarif } from '../../../../src/cli/selftest/report/sarif.ts'
import { asText } from '../../../../src/cli/selftest/report/text.ts'
import { aCase } from './world.ts'

const result = (id: string, verdict: Verdict, over = {}): Result => {
  const { run, ...texts } = aCase({ id, ...over })
  assert.ok(run)
  return { case: texts, verdict }
}

const RUN: Run = {
  ...{ origin: 'https://mlflow.example.com', startedAt: new Date(0), seconds: 2.5, version: '0.2.0', exitCode: 1 },
  results: [
    result('paths-a', { status: 'pass', detail: 'status 401' }),
    result('paths-b', { status: 'fail', detail: '/%2e%2e: <script>alert(1)</script>' }, { title: 'A & B' }),
    result('tls-a', { status: 'warning', detail: 'valid for 3 more days' }, { section: 'tls' }),
    result('tls-b', { status: 'not run', detail: 'needs an account' }, { section: 'tls' }),
    result('tls-c', { status: 'not run', detail: 'no connection', isUnanswered: true }, { section: 'tls' }),
  ],
}

const SCHEMA = 'test/unit/cli/selftest/sarif/sarif-2.1.0.schema.json'
const schema = z.fromJSONSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')))

test('the SARIF report is valid by the schema of the standard', () => {
  const parsed = schema.safeParse(JSON.parse(asSarif(RUN)))
  assert.ok(parsed.success, JSON.stringify(parsed.error?.issues.slice(0, 5)))
  assert.ok(schema.safeParse(JSON.parse(asSarif({ ...RUN, results: [] }))).success)
})

for (const [what, spoil] of [
  ['without a version', (log: Log) => delete log.version],
  ['without the tool', (log: Log) => delete runOf(log).tool],
  ['with an unknown member', (log: Log) => Object.assign(runOf(log), { bogus: 1 })],
  ['with an unknown level', (log: Log) => Object.assign(runOf(log).results[0] ?? {}, { level: 'bad' })],
  ['with an unknown kind', (log: Log) => Object.assign(runOf(log).results[0] ?? {}, { kind: 'bad' })],
  ['with a result without a message', (log: Log) => delete runOf(log).results[0]?.message],
  ['with a rule without an id', (log: Log) => delete runOf(log).tool?.driver.rules[0]?.id],
] satisfies [string, (log: Log) => unknown][])
  test(`the schema rejects a report ${what}`, () => {
    const log: Log = JSON.parse(asSarif(RUN))
    spoil(log)
    assert.ok(!schema.safeParse(log).success)
  })

interface SarifRun {
  tool?: { driver: { rules: { id?: string }[] } }
  results: { ruleId: string; ruleIndex: number; kind: string; level: string; message?: unknown }[]
}
interface Log {
  version?: string
  runs: [SarifRun]
}
const runOf = (log: Log): SarifRun => log.runs[0]

test('each case is a rule with one result; only failures have a level', () => {
  const { tool, results } = runOf(JSON.parse(asSarif(RUN)))
  assert.deepEqual(
    results.map(({ kind, level }) => [kind, level]),
    [
      ['pass', 'none'],
      ['fail', 'error'],
      ['fail', 'warning'],
      ['notApplicable', 'none'],
      ['open', 'none'],
    ],
  )
  for (const { ruleId, ruleIndex } of results) assert.equal(tool?.driver.rules[ruleIndex]?.id, ruleId)
})

test('the JSON report has every case with its status and all texts', () => {
  const report = JSON.parse(asJson(RUN))
  assert.deepEqual(report.counts, { passed: 1, warnings: 1, failed: 1, notRun: 2 })
  assert.deepEqual(Object.keys(report.cases[0]), [
    ...['id', 'section', 'title', 'status', 'detail', 'isUnanswered', 'sent', 'demanded', 'source', 'fix'],
  ])
})

test('the text says what was sent, expected and received, and what to do, for everything that did not pass', () => {
  const text = asText(RUN)
  assert.match(text, /✓ passed {2}A title \[paths-a\]\n {2}✗ failed/)
  for (const line of ['Sent: a request', 'Expected: a denial', 'Received: /%2e%2e', 'Fix: Fix it.', 'Source: CWE-1'])
    assert.ok(text.includes(line), line)
  assert.match(text, /1 passed, 1 warning, 1 failed, 2 not run; 2\.5 seconds/)
})

test('the page escapes every text, runs no script and asks for nothing', () => {
  const page = asHtml(RUN)
  assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;') && page.includes('A &amp; B'))
  assert.doesNotMatch(page, /<script|<img|<link|@import|url\(|src=/i)
  assert.match(page, /content="default-src &#39;none&#39;; style-src &#39;sha256-/)
  for (const { case: each } of RUN.results) assert.ok(page.includes(each.id))
})
