import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CI_CLIENT } from '../../infra/issuer/clients.ts'
import { startConfiguredCollector } from '../../infra/parts/otel-collector.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { startWorld, type World } from './world.ts'

let world: World
before(async () => {
  world = await startWorld()
})
after(() => world.close())

const GUIDE = readFileSync('docs/guides/clients/opentelemetry.md', 'utf8')

/** Traces of the project's default experiment, as its members find them. */
async function tracesOf(project: string, token: string): Promise<string> {
  const response = await fetch(`${world.url}/mlflow/${project}/api/3.0/mlflow/traces/search`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{"locations":[{"type":"MLFLOW_EXPERIMENT","mlflow_experiment":{"experiment_id":"0"}}]}',
  })
  assert.equal(response.status, 200)
  return await response.text()
}

const exportTo = (project: string, token: string) => ({
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${world.url}/mlflow/${project}/v1/traces`,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: `authorization=Bearer%20${token},x-mlflow-experiment-id=0`,
})

test('OpenTelemetry’s SDK for Python, with a token', async () => {
  const token = await world.tokenOf('bob')
  const exported = (await world.python('otel_span.py', exportTo('alpha', token), 'basket')) as Record<string, string>
  assert.equal(exported.result, 'SUCCESS')
  assert.match(await tracesOf('alpha', token), new RegExp(exported.trace_id ?? 'none'))
})

test('OpenTelemetry’s SDK cannot write into the project of others', async () => {
  const exported = await world.python('otel_span.py', exportTo('beta', await world.tokenOf('bob')), 'intruder')
  assert.equal((exported as Record<string, string>).result, 'FAILURE')
  assert.doesNotMatch(await tracesOf('beta', await world.tokenOf('carol')), /intruder/)
})

test('OpenTelemetry Collector with the configuration of the guide, with Basic credentials of a client', async (t) => {
  const port = await freePort()
  const [config = ''] = codeBlocks(GUIDE, 'yaml')
  const collector = await startConfiguredCollector({
    port,
    folder: mkdtempSync(join(tmpdir(), 'otel-collector-')),
    config: config.replace('127.0.0.1:4318', `127.0.0.1:${port}`).replace('https://o.example', world.url),
    env: { MODELOPS_CREDENTIALS: btoa(`${CI_CLIENT.id}:${CI_CLIENT.secret}`) },
  })
  t.after(() => collector.close())
  const sent = await world.python(
    'otel_span.py',
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` },
    'collected',
  )
  const { result, trace_id: trace } = sent as Record<string, string>
  assert.equal(result, 'SUCCESS')
  const token = await world.tokenOf('bob')
  // The collector has answered before it exports.
  while (!(await tracesOf('alpha', token)).includes(trace ?? 'none')) await new Promise((done) => setTimeout(done, 100))
})
