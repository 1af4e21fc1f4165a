import assert from 'node:assert/strict'
import { test } from 'node:test'
import { airflowOperation } from '../../../../src/gateway/apps/airflow/operation.ts'
import { coreOperation } from '../../../../src/gateway/apps/core/operation.ts'
import { CATALOGUES, type CatalogueFile } from '../../../../src/gateway/apps/mlflow/catalogue/catalogue.ts'
import { mlflowOperation } from '../../../../src/gateway/apps/mlflow/operation.ts'

/** The names of operations in the audit trail. */

const requestOf = (text: string) => {
  const [method = '', path = ''] = text.split(' ')
  return { method, path, decodedPath: decodeURIComponent(path), query: '', headers: {} }
}

const MLFLOW = {
  'POST /{,ajax-}api/2.0/mlflow/registered-models/create': 'mlflow.registerModel',
  'POST /{,ajax-}api/2.0/mlflow/runs/create': 'mlflow.createRun',
  'POST /{,ajax-}api/2.0/mlflow/runs/log-batch': 'mlflow.logRunBatch',
  'POST /{,ajax-}api/2.0/mlflow/experiments/set-experiment-tag': 'mlflow.setExperimentTag',
  'POST /{,ajax-}api/2.0/mlflow/registered-models/set-tag': 'mlflow.setRegisteredModelTag',
  'POST /{,ajax-}api/2.0/mlflow/model-versions/transition-stage': 'mlflow.transitionModelVersionStage',
  'DELETE /{,ajax-}api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}': 'mlflow.deleteLoggedModelTag',
  'DELETE /{,ajax-}api/2.0/mlflow/registered-models/alias': 'mlflow.deleteRegisteredModelAlias',
  'PUT /{,ajax-}api/2.0/mlflow-artifacts/artifacts/{artifact_path...}': 'mlflow.putArtifact',
  'POST /{,ajax-}api/3.0/mlflow/mcp-servers/{name...}/aliases': 'mlflow.createMcpServerAlias',
  'POST /v1/traces': 'mlflow.exportTraces',
}

for (const [line, name] of Object.entries(MLFLOW))
  test(`${line} is ${name}`, () => assert.equal(mlflowOperation(line), name))

test('each line of the catalogues has a name that is made of letters and digits', () => {
  for (const { viewer, editor, admin, denied } of Object.values<CatalogueFile>(CATALOGUES)) {
    for (const line of [...viewer, ...editor, ...admin, ...denied])
      assert.match(mlflowOperation(line) ?? '', /^mlflow\.[a-z][A-Za-z0-9]+$/, line)
  }
})

test('lines that change something in different ways have different names', () => {
  // The same operation in two versions of the API, or with two methods, has one name.
  const without = (line: string) =>
    line
      .replace(/^\w+ /, '')
      .replace(/\d\.0/, '')
      .replaceAll(/\{[^}]*\}/g, '')
  for (const { editor, admin } of Object.values<CatalogueFile>(CATALOGUES)) {
    const paths = new Map<string, Set<string>>()
    for (const line of [...editor, ...admin]) {
      const name = mlflowOperation(line) ?? ''
      paths.set(name, (paths.get(name) ?? new Set()).add(without(line).replaceAll(/[^a-z]/g, '')))
    }
    const shared = [...paths].filter(([, lines]) => lines.size > 1).map(([name]) => name)
    assert.deepEqual(
      shared.filter((name) => !SAME.has(name)),
      [],
    )
  }
})

/** One operation at two paths: of the API, and of the user interface. */
const SAME = new Set(['mlflow.cancelJob', 'mlflow.deleteTrace', 'mlflow.deleteTraces', 'mlflow.createSkillAlias'])

test('a request outside of the catalogue has no name', () => assert.equal(mlflowOperation(undefined), undefined))

const AIRFLOW = {
  'POST /api/v2/dags/d/dagRuns': 'airflow.dagrun.trigger',
  'POST /api/v2/dags/d/dagRuns/r/clear': 'airflow.dagrun.clear',
  'PATCH /api/v2/dags/d/dagRuns/r': 'airflow.dagrun.update',
  'DELETE /api/v2/dags/d': 'airflow.dag.delete',
  'PATCH /api/v2/dags/d': 'airflow.dag.update',
  'POST /api/v2/dags/d/clearTaskInstances': 'airflow.taskinstance.clear',
  'POST /api/v2/variables': 'airflow.variable.create',
  'DELETE /api/v2/variables/a/b': 'airflow.variable.delete',
  'POST /api/v2/connections/test': 'airflow.connection.test',
  'PUT /api/v2/backfills/1/cancel': 'airflow.backfill.cancel',
  'POST /api/v2/dags/~/dagRuns/list': 'airflow.dagrun.list',
  'GET /api/v2/dags': 'airflow.dag.read',
  // Names are the client's choice: they never become words of the operation.
  'PATCH /api/v2/dags/clear': 'airflow.dag.update',
  'DELETE /api/v2/dags/pools': 'airflow.dag.delete',
  'DELETE /api/v2/variables/clear': 'airflow.variable.delete',
  'DELETE /api/v2/dags/constructor/dagRuns/__proto__': 'airflow.dagrun.delete',
}

for (const [request, name] of Object.entries(AIRFLOW))
  test(`${request} is ${name}`, () => assert.equal(airflowOperation(requestOf(request)), name))

for (const request of [
  'POST /auth/users/add',
  'POST /api/v2/constructor',
  'POST /api/v2/something/new',
  'GET /static/x.js',
  'TRACE /api/v2/dags',
])
  test(`${request} has no name`, () => assert.equal(airflowOperation(requestOf(request)), undefined))

const CORE = {
  'POST /api/projects': 'core.project.create',
  'DELETE /api/projects/1': 'core.project.delete',
  'GET /api/projects/search/findById': 'core.project.read',
  'POST /api/datasetConnections/1/job': 'core.dataset-connection.job.create',
  'PATCH /api/datasetConnections/1': 'core.dataset-connection.update',
}

for (const [request, name] of Object.entries(CORE))
  test(`${request} is ${name}`, () => assert.equal(coreOperation(requestOf(request)), name))

test('other paths of the core API have no name', () => {
  assert.equal(coreOperation(requestOf('POST /api/unknown')), undefined)
  assert.equal(coreOperation(requestOf('TRACE /api/projects')), undefined)
})
