import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROWS } from '../../infra/grafana/dashboard.ts'
import { RUNBOOKS } from '../../infra/prometheus/rule.ts'
import { ALERTS } from '../../infra/prometheus/rules-file.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { auditSinkFails } from './faults/audit.ts'
import { somethingIsForgotten } from './faults/configuration.ts'
import { issuerStops } from './faults/issuer.ts'
import { processesFail } from './faults/replicas.ts'
import { signInsFail } from './faults/sign-ins.ts'
import { storeFails } from './faults/store.ts'
import { nothingIsFound } from './faults/targets.ts'
import { applicationsFail } from './faults/traffic.ts'
import { type Deployment, keep } from './lab/deployment.ts'
import { Monitoring } from './lab/monitoring.ts'

/** Every alert on a real Prometheus that scrapes real gateways: a fault, the alert, the repair, the end of the alert. */

const SCENARIOS = {
  issuerStops,
  signInsFail,
  storeFails,
  applicationsFail,
  somethingIsForgotten,
  processesFail,
  nothingIsFound,
  auditSinkFails,
}

const folder = mkdtempSync(join(tmpdir(), 'modelops-alerts-'))
const parts = new AsyncDisposableStack()
let deployments: readonly Deployment[]
let monitoring: Monitoring

before(async () => {
  const started = await Promise.allSettled(Object.values(SCENARIOS).map((start) => start(folder, parts)))
  deployments = started.map((each) => {
    if (each.status === 'rejected') throw each.reason
    return each.value
  })
  monitoring = keep(parts, await Monitoring.start(deployments))
})
after(async () => {
  await parts.disposeAsync()
  rmSync(folder, { recursive: true, force: true })
})

test('nothing fires before a fault', async () => {
  await monitoring.settled('count(up == 1) == count(up)')
  await monitoring.settled('job_route:modelops_gateway_requests:rate5m > 0')
  assert.deepEqual(await monitoring.query('ALERTS{alertstate="firing"}'), [])
})

test('every fault fires its alerts, and its repair ends them', { concurrency: true }, async (context) => {
  // Each deployment is a job of its own, so that all faults happen at the same time.
  await Promise.all(
    Object.keys(SCENARIOS).map((name, index) => context.test(name, () => deployments[index]?.run(monitoring))),
  )
  for (const { alert, job, firedAfterMs, resolvedAfterMs = Number.NaN } of monitoring.seen) {
    const [fired, resolved] = [firedAfterMs, resolvedAfterMs].map((ms) => (ms / 1000).toFixed(1))
    context.diagnostic(`${alert} (${job}): fired after ${fired} s, resolved after ${resolved} s`)
  }
})

test('every alert of the rules has fired and ended', () => {
  const ended = new Set(monitoring.seen.filter((each) => each.resolvedAfterMs !== undefined).map(({ alert }) => alert))
  assert.deepEqual(
    [...new Set(ALERTS.map(({ alert }) => alert))].filter((alert) => !ended.has(alert)),
    [],
  )
})

test('no fault fires an alert about something else', async () => {
  const fired = await monitoring.query('count by (alertname, job) (count_over_time(ALERTS{alertstate="firing"}[10m]))')
  const unexpected = fired.filter(
    ({ metric }) => !deployments.find(({ job }) => job === metric.job)?.expected.includes(metric.alertname ?? ''),
  )
  assert.deepEqual(unexpected, [])
})

/** The query with values for the variables of the dashboard. */
const filled = (expr: string) =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(?:job|instance|route|project)\b/g, '.*')

test('every query of the dashboard has data, or may be empty for the reason it gives', async (context) => {
  const empty: string[] = []
  for (const { title: row, panels } of ROWS) {
    for (const { title, queries } of panels) {
      for (const { expr, legend, mayBeEmpty } of queries) {
        if ((await monitoring.query(filled(expr))).length > 0) continue
        const name = `${row}, ${title}, ${legend}`
        if (mayBeEmpty === undefined) empty.push(`${name}: ${expr}`)
        else context.diagnostic(`empty: ${name}: ${mayBeEmpty}`)
      }
    }
  }
  assert.deepEqual(empty, [])
})

test('every query of the runbooks is valid', async () => {
  for (const page of readdirSync(RUNBOOKS)) {
    for (const query of codeBlocks(readFileSync(join(RUNBOOKS, page), 'utf8'), 'promql')) await monitoring.query(query)
  }
})
