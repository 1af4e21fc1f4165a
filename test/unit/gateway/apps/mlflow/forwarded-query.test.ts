import assert from 'node:assert/strict'
import test from 'node:test'
import { buildRouteFinder, CATALOGUES } from '../../../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { queryFor } from '../../../../../src/gateway/apps/mlflow/forwarded-query.ts'
import { admit, askFor } from './fixtures.ts'

const find = buildRouteFinder(CATALOGUES['3.17'])
const forwarded = (line: string, query: string, defaultExperiment: string | undefined = '7') =>
  queryFor(admit(line, { request: { ...askFor(line), query } }), find, { defaultExperiment: () => defaultExperiment })

const RUN = 'GET /api/2.0/mlflow/runs/get'
const SEARCH = 'GET /ajax-api/2.0/mlflow/unified-traces'
const table: [name: string, line: string, query: string, forwarded: string][] = [
  ['names that the route reads', RUN, 'run_id=r&run_uuid=r', 'run_id=r&run_uuid=r'],
  ['a name of another route', RUN, 'run_id=r&experiment_id=5', 'run_id=r'],
  ['a name that no release has', RUN, 'owner=carol&run_id=r', 'run_id=r'],
  ['a name in another case', RUN, 'RUN_ID=foreign&run_id=r', 'run_id=r'],
  ['a name with encoded letters', RUN, 'r%75n_id=r', 'r%75n_id=r'],
  ['an unknown name with encoded letters', RUN, '%6fwner=carol', ''],
  ['a name that is not UTF-8', RUN, '%ff=1&run_id=r', 'run_id=r'],
  ['a name without a value', RUN, 'run_id&owner', 'run_id'],
  ['a value with = and &', RUN, 'run_id=a%26b=c', 'run_id=a%26b=c'],
  ['lists', 'GET /api/3.0/mlflow/traces/batchGet', 'trace_ids=a&trace_ids=b&x=c', 'trace_ids=a&trace_ids=b'],
  ['a route that reads nothing', SEARCH, 'experiment_ids=1', ''],
  ['a route with a JSON body', 'POST /api/2.0/mlflow/runs/create', 'experiment_id=1', ''],
  ['the names of an upload', 'POST /ajax-api/2.0/mlflow/upload-artifact', 'run_uuid=r&path=a&b=c', 'run_uuid=r&path=a'],
  ['a call of a model', 'POST /gateway/proxy/e/v1/chat', 'api-version=1&alt=sse', 'api-version=1&alt=sse'],
  ['an administrator’s route', 'DELETE /api/3.0/mlflow/workspaces/w', 'mode=force', 'mode=force'],
  ['experiment 0', 'GET /api/2.0/mlflow/experiments/get', 'experiment_id=0', 'experiment_id=7'],
  [
    'experiment 0 in digits that are encoded',
    'GET /api/2.0/mlflow/experiments/get',
    'experiment_id=%30',
    'experiment_id=7',
  ],
  ['another experiment', 'GET /api/2.0/mlflow/experiments/get', 'experiment_id=10', 'experiment_id=10'],
  ['a 0 that is no experiment', 'GET /api/2.0/mlflow/metrics/get-history', 'metric_key=0', 'metric_key=0'],
]
for (const [name, line, query, expected] of table)
  test(`${name}: ?${query} is forwarded as ?${expected}`, () => assert.equal(forwarded(line, query), expected))

test('without a default experiment, 0 stays MLflow’s own', () => {
  const line = 'GET /api/2.0/mlflow/experiments/get'
  const request = { ...askFor(line), query: 'experiment_id=0' }
  assert.equal(queryFor(admit(line, { request }), find, {}), 'experiment_id=0')
})
