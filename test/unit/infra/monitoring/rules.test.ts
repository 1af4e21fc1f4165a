import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROWS } from '../../../../infra/grafana/dashboard.ts'
import { isAlert, pageOf, RUNBOOKS, TARGETS } from '../../../../infra/prometheus/rule.ts'
import { ALERTS, GROUPS } from '../../../../infra/prometheus/rules-file.ts'
import { METRICS } from '../../../../src/gateway/observability/metrics/catalogue.ts'
import { codeBlocks } from '../docs/pages.ts'

/** Files about the gateway's metrics name metrics that exist. The rules themselves: `npm test -- --tier alerts`. */

/** Metrics of prom-client and of Prometheus itself. */
const OTHERS = /^(?:up|ALERTS|(?:process|nodejs)_\w+)$/
const RECORDED = new Set(GROUPS.flatMap(({ rules }) => rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.record]))))
const SUFFIX = /_(?:bucket|sum|count)$/

/** The names of series that a query reads: each is followed by its labels, a range or an operator. */
function seriesIn(query: string): string[] {
  const plain = query.replaceAll(/"[^"]*"/g, '""')
  return [
    ...plain.matchAll(/\b(?:up|ALERTS|(?:process|nodejs|http_server|modelops_gateway)_\w+|job_\w+:[\w:]+)\b/g),
  ].map(([name]) => name)
}

const exists = (name: string) =>
  OTHERS.test(name) || RECORDED.has(name) || name in METRICS || name.replace(SUFFIX, '') in METRICS

const pages = readdirSync(RUNBOOKS)
const textOf = (page: string) => readFileSync(join(RUNBOOKS, page), 'utf8')

const QUERIES: [where: string, query: string][] = [
  ...GROUPS.flatMap(({ rules }) =>
    rules.map((rule): [string, string] => [isAlert(rule) ? rule.alert : rule.record, rule.expr]),
  ),
  ...ROWS.flatMap(({ panels }) => panels).flatMap(({ title, queries }) =>
    queries.map(({ expr }): [string, string] => [`panel ${title}`, expr]),
  ),
  ...pages.flatMap((page) => codeBlocks(textOf(page), 'promql').map((query): [string, string] => [page, query])),
]

test('every query reads metrics that the gateway has', () => {
  const unknown = QUERIES.flatMap(([where, query]) =>
    seriesIn(query).flatMap((name) => (exists(name) ? [] : [`${where}: ${name}`])),
  )
  assert.ok(QUERIES.length > 100)
  assert.deepEqual(unknown, [])
})

test('every rule selects the targets of the gateway, wherever it reads a series', () => {
  for (const { rules } of GROUPS) {
    for (const { expr } of rules) {
      const [series, selected] = [seriesIn(expr).length, expr.split(TARGETS).length - 1]
      assert.equal(selected, series, expr)
    }
  }
})

test('every alert has a runbook, and every runbook an alert', () => {
  const expected = new Set(ALERTS.map(({ alert }) => `${pageOf(alert)}.md`))
  assert.deepEqual(pages.toSorted(), [...expected].toSorted())
})

for (const alert of ALERTS) {
  test(`the runbook of ${alert.alert} names it with severity ${alert.severity}, and says what to look at and to do`, () => {
    const text = textOf(`${pageOf(alert.alert)}.md`)
    assert.match(text, new RegExp(`^Alert: \`${alert.alert}\`, .*${alert.severity}`, 'm'))
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    assert.deepEqual(headings, [
      'What it means',
      'What users notice',
      'What to look at first',
      'Fix it',
      'When the alert ends',
      'If it does not work',
    ])
  })
}

test('the guide shows how many rules there are', () => {
  const count = GROUPS.flatMap(({ rules }) => rules).length
  assert.match(readFileSync('docs/guides/operate/alerts.md', 'utf8'), new RegExp(`SUCCESS: ${count} rules found`))
})
