import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ALPHA, BETA, type Lab, startLab } from './lab.ts'

/** An MLflow without workspaces: right for a project that has it alone, refused for several. */
let lab: Lab

before(async () => {
  lab = await startLab({
    workspaces: false,
    second: (upstream) => ({ tenancy: 'instance', version: '3.17', instances: { [ALPHA]: upstream } }),
  })
})
after(() => lab.close())

test('a project with an MLflow of its own works in it, and no workspace is named', async () => {
  const bob = await lab.through('bob', ALPHA, 'second')
  assert.equal((await bob.ask('POST /api/2.0/mlflow/experiments/create', { name: 'ours' })).status, 200)
  const direct = await lab.direct().ask('GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=ours')
  assert.equal(direct.pick('experiment.name'), 'ours')
})

test('a project without one is told that it is not ready', async () => {
  const { status, json } = await (await lab.through('carol', BETA, 'second')).ask('GET /')
  assert.deepEqual([status, json.error_code, json.reason], [503, 'TEMPORARILY_UNAVAILABLE', 'upstream-not-ready'])
})

test('where workspaces are wanted and cannot be made, nothing passes: 503, Retry-After, and the reason in the log', async () => {
  const { status, json, headers } = await (await lab.through('bob', ALPHA)).ask('GET /version')
  assert.deepEqual([status, json.error_code, json.reason], [503, 'TEMPORARILY_UNAVAILABLE', 'upstream-not-ready'])
  assert.equal(headers.get('retry-after'), '5')
  const line = lab.log.find((each) => each.request_id === json.request_id)
  assert.match(String(line?.detail), /workspace 11111111.* returned 503: .*without workspaces/)
})
