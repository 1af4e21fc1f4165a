import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { Instruments } from '../../../../src/gateway/observability/metrics/instruments.ts'
import { ProjectMetrics } from '../../../../src/gateway/observability/metrics/project-metrics.ts'

const REQUESTS = 'modelops_gateway_project_requests_total'

function build(projectLabel: 'name' | 'id' | 'off', projectLabelLimit = 200) {
  const registry = new Registry()
  const metrics = new ProjectMetrics(new Instruments(registry))
  metrics.configure({ projectLabel, projectLabelLimit })
  const ask = (id: string, name: string, status = 200) =>
    metrics.finished(
      { id, name },
      { route: 'mlflow', method: 'GET', status, seconds: 2, receivedBytes: 3, sentBytes: 5, project: { id, name } },
    )
  /** Samples of a metric by the value of its label `project`. */
  const samples = async (metric: string) =>
    new Map(
      [...(await registry.metrics()).matchAll(new RegExp(`^${metric}\\{project="([^"]*)".*\\} (\\S+)$`, 'gm'))].map(
        ([, project = '', value]) => [project, Number(value)],
      ),
    )
  return { registry, metrics, ask, samples }
}

test('without the setting nothing of projects is exposed', async () => {
  const { registry, ask } = build('off')
  ask('1', 'alpha')
  assert.doesNotMatch(await registry.metrics(), /alpha|project="/)
})

test('a project has its requests, bytes and seconds, by its name or its ID', async () => {
  for (const [label, value] of [
    ['name', 'alpha'],
    ['id', '1'],
  ] as const) {
    const { registry, ask } = build(label)
    ask('1', 'alpha')
    ask('1', 'alpha')
    ask('1', 'alpha', 403)
    const lines = (await registry.metrics()).split('\n')
    for (const line of [
      `${REQUESTS}{project="${value}",route="mlflow",status="2xx"} 2`,
      `${REQUESTS}{project="${value}",route="mlflow",status="4xx"} 1`,
      `modelops_gateway_project_request_body_bytes_total{project="${value}"} 9`,
      `modelops_gateway_project_response_body_bytes_total{project="${value}"} 15`,
      `modelops_gateway_project_request_seconds_total{project="${value}"} 6`,
    ])
      assert.ok(lines.includes(line), line)
  }
})

test('of 10,000 projects the first 200 have a label, and all others are counted together', async () => {
  const { ask, samples } = build('name')
  for (let round = 0; round < 2; round += 1) for (let i = 0; i < 10_000; i += 1) ask(`id-${i}`, `project ${i}`)
  const requests = await samples(REQUESTS)
  assert.equal(requests.size, 201)
  assert.equal(requests.get('project 199'), 2)
  assert.equal(requests.get('project 200'), undefined)
  assert.equal(requests.get('other'), 2 * 9800)
  assert.equal((await samples('modelops_gateway_project_request_seconds_total')).size, 201)
})

test('a project that is renamed again and again has one label, and keeps its place', async () => {
  const { ask, samples } = build('name', 2)
  ask('b', 'beta')
  for (let i = 0; i < 10_000; i += 1) ask('a', `name ${i}`)
  ask('c', 'gamma')
  assert.deepEqual(
    await samples(REQUESTS),
    new Map([
      ['beta', 1],
      ['name 9999', 1],
      ['other', 1],
    ]),
  )
})

test('a project that takes the name of another one shares its series until that one is seen under its new name', async () => {
  const { ask, samples } = build('name')
  ask('a', 'first')
  ask('b', 'second')
  ask('b', 'first')
  assert.deepEqual(await samples(REQUESTS), new Map([['first', 2]]))
  ask('a', 'third')
  ask('b', 'first')
  assert.deepEqual(
    await samples(REQUESTS),
    new Map([
      ['first', 3],
      ['third', 1],
    ]),
  )
})

test('another setting begins anew: no name stays after the labels were switched off', async () => {
  const { registry, metrics, ask, samples } = build('name', 1)
  ask('1', 'alpha')
  ask('2', 'beta')
  metrics.configure({ projectLabel: 'name', projectLabelLimit: 2 })
  ask('2', 'beta')
  assert.deepEqual(await samples(REQUESTS), new Map([['beta', 1]]))
  metrics.configure({ projectLabel: 'off', projectLabelLimit: 2 })
  ask('2', 'beta')
  assert.doesNotMatch(await registry.metrics(), /project="/)
})
