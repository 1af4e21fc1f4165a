import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { parse } from 'yaml'
import { TARGETS } from '../../infra/prometheus/rule.ts'
import { at, type Manifests, render } from './chart.ts'

interface Rule {
  readonly expr: string
  readonly annotations?: { readonly runbook_url: string }
}

let full: Manifests
before(async () => {
  full = await render('full')
})

const rulesOf = (groups: unknown) => (groups as { rules: Rule[] }[]).flatMap(({ rules }) => rules)
const readRules = () => rulesOf(parse(readFileSync('infra/prometheus/modelops-gateway.rules.yaml', 'utf8')).groups)

test('the PrometheusRule has the rules of infra/prometheus, for the targets of this release', () => {
  const rendered = rulesOf(at(full.one('PrometheusRule'), 'spec.groups'))
  const [service] = full.all.filter(({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-admin'))
  const targets = `namespace="modelops",job="${service?.metadata.name}"`
  const expected = readRules().map((rule) => JSON.stringify(rule.expr.replaceAll(TARGETS, targets)))
  assert.deepEqual(
    rendered.map(({ expr }) => JSON.stringify(expr)),
    expected,
  )
  assert.ok(rendered.every(({ expr }) => expr.includes(targets) && !expr.includes('=~".*')))
})

test('every alert leads to its runbook where it is published', () => {
  const urls = rulesOf(at(full.one('PrometheusRule'), 'spec.groups')).flatMap(({ annotations }) =>
    annotations === undefined ? [] : [annotations.runbook_url],
  )
  assert.ok(urls.length > 20)
  for (const url of urls) assert.match(url, /^https:\/\/docs\.example\/runbooks\/[a-z-]+\.md$/)
})

test('the ConfigMap contains the dashboard of infra/grafana unchanged', () => {
  const data = full.one('ConfigMap', 'gw-dashboard').data?.['modelops-gateway.json']
  assert.deepEqual(JSON.parse(data ?? ''), JSON.parse(readFileSync('infra/grafana/modelops-gateway.json', 'utf8')))
})
