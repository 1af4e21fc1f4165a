import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ensurePrometheus } from '../../infra/parts/prometheus.ts'
import { type Alert, pageOf, RUNBOOKS } from '../../infra/prometheus/rule.ts'
import { ALERTS, rulesFile } from '../../infra/prometheus/rules-file.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { audit } from './cases/audit.ts'
import type { Case } from './cases/case.ts'
import { configuration } from './cases/configuration.ts'
import { dependencies } from './cases/dependencies.ts'
import { replicas } from './cases/replicas.ts'
import { signIn } from './cases/sign-in.ts'
import { upstreams } from './cases/upstreams.ts'
import { promtool } from './promtool.ts'

/** The rules under `promtool test rules`, and the files under `promtool check`. */

const CASES = [...replicas, ...dependencies, ...signIn, ...upstreams, ...configuration, ...audit]

const folder = mkdtempSync(join(tmpdir(), 'modelops-rules-'))
after(() => rmSync(folder, { recursive: true }))
before(async () => {
  await ensurePrometheus()
  writeFileSync(join(folder, 'rules.yaml'), rulesFile())
})

const ruleOf = ({ alert, rule = 0 }: Case): Alert => {
  const found = ALERTS.filter((each) => each.alert === alert)[rule]
  if (found === undefined) throw new Error(`no rule ${rule} of ${alert}`)
  return found
}

/** What Prometheus makes of a text with these labels and this value. */
const filled = (text: string, { labels, value = '' }: NonNullable<Case['fires']>) =>
  text
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? '')
    .replaceAll(/\{\{ [^}]*\$value[^}]*\}\}/g, value)

function expectedAlerts(each: Case) {
  if (each.fires === undefined) return []
  const { severity, summary, description, alert } = ruleOf(each)
  return [
    {
      exp_labels: { severity, ...each.fires.labels },
      exp_annotations: {
        summary: filled(summary, each.fires),
        description: filled(description, each.fires),
        runbook_url: `${RUNBOOKS}/${pageOf(alert)}.md`,
      },
    },
  ]
}

/** A test of promtool. */
const promtoolTest = (each: Case) => ({
  rule_files: ['rules.yaml'],
  evaluation_interval: '30s',
  tests: [
    {
      interval: '1m',
      input_series: Object.entries(each.series).map(([series, values]) => ({ series, values })),
      alert_rule_test: [{ eval_time: `${each.at}m`, alertname: each.alert, exp_alerts: expectedAlerts(each) }],
    },
  ],
})

test('promtool accepts the rules', async () => {
  const { ok, printed } = await promtool(['check', 'rules', join(folder, 'rules.yaml')])
  assert.ok(ok, printed)
})

test('promtool accepts the example configuration, and the guide shows what it prints', async () => {
  for (const [from, to] of [
    ['prometheus.yaml', 'prometheus.yml'],
    ['modelops-gateway.rules.yaml', 'modelops-gateway.rules.yaml'],
  ] as const) {
    copyFileSync(join('infra/prometheus', from), join(folder, to))
  }
  const { ok, printed } = await promtool(['check', 'config', 'prometheus.yml'], folder)
  assert.ok(ok, printed)
  const shown = codeBlocks(readFileSync('docs/guides/operate/alerts.md', 'utf8'), 'text')
  assert.ok(
    shown.some((text) => text.trim() === printed.trim()),
    printed,
  )
})

test('promtool accepts the scrape configuration of the guide', async () => {
  const blocks = codeBlocks(readFileSync('docs/guides/operate/alerts.md', 'utf8'), 'yaml')
  writeFileSync(join(folder, 'guide.yml'), blocks.find((yaml) => yaml.startsWith('rule_files')) ?? '')
  const { ok, printed } = await promtool(['check', 'config', 'guide.yml'], folder)
  assert.ok(ok, printed)
})

for (const [index, each] of CASES.entries()) {
  const name = `${each.alert}${each.rule === undefined ? '' : `, rule ${each.rule}`}`
  test(`${name} ${each.fires === undefined ? 'is silent' : 'fires'} ${each.when}`, async () => {
    const file = join(folder, `case-${index}.yaml`)
    writeFileSync(file, JSON.stringify(promtoolTest(each)))
    const { ok, printed } = await promtool(['test', 'rules', file], folder)
    assert.ok(ok, printed)
  })
}

test('every alert has a case in which it fires and one in which it is silent', () => {
  const names = (fires: boolean) =>
    [...new Set(CASES.filter((each) => (each.fires !== undefined) === fires).map(({ alert }) => alert))].toSorted()
  const all = [...new Set(ALERTS.map(({ alert }) => alert))].toSorted()
  assert.deepEqual([names(true), names(false)], [all, all])
})
