/**
 * One valid request for every route that takes identifiers. `@kind` stands for the identifier of an object of that kind
 * (`world.ts`); a probe puts carol's in its place. A route with several examples reaches several branches of MLflow.
 */
export interface Example {
  /** `METHOD /path?query`; the path as in the catalogue, its parameters filled. */
  readonly line: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

const V2 = '/api/2.0/mlflow'
const V3 = '/api/3.0/mlflow'
const ARTIFACTS = '/api/2.0/mlflow-artifacts'

const example = (line: string, body?: object, headers?: Record<string, string>): Example => ({
  line,
  ...(body && { body }),
  ...(headers && { headers }),
})

const EXPERIMENTS = [
  example(`GET ${V2}/experiments/get?experiment_id=@experiment`),
  example(`POST ${V2}/experiments/update`, { experiment_id: '@experiment', new_name: '@fresh' }),
  example(`POST ${V2}/experiments/delete`, { experiment_id: '@experiment' }),
  example(`POST ${V2}/experiments/restore`, { experiment_id: '@deletedExperiment' }),
  example(`POST ${V2}/experiments/set-experiment-tag`, { experiment_id: '@experiment', key: 'k', value: 'v' }),
  example(`POST ${V2}/experiments/delete-experiment-tag`, { experiment_id: '@experiment', key: 'own' }),
  example('POST /ajax-api/2.0/mlflow/experiments/search-datasets', { experiment_ids: ['@experiment'] }),
]

const RUNS = [
  example(`POST ${V2}/runs/create`, { experiment_id: '@experiment', run_name: 'made by a probe' }),
  example(`POST ${V2}/runs/create`, {
    ...{ experiment_id: '@experiment', run_name: 'child' },
    tags: [{ key: 'mlflow.parentRunId', value: '@run' }],
  }),
  example(`GET ${V2}/runs/get?run_id=@run`),
  example(`GET ${V2}/runs/get?run_uuid=@run`),
  example(`POST ${V2}/runs/search`, { experiment_ids: ['@experiment'] }),
  example(`POST ${V2}/runs/search`, { experiment_ids: ['@experiment'], filter: "attributes.run_id = '@run'" }),
  example(`POST ${V2}/runs/update`, { run_id: '@run', run_name: 'renamed by a probe' }),
  example(`POST ${V2}/runs/update`, { run_uuid: '@run', status: 'FAILED' }),
  example(`POST ${V2}/runs/delete`, { run_id: '@run' }),
  example(`POST ${V2}/runs/restore`, { run_id: '@deletedRun' }),
  example(`POST ${V2}/runs/set-tag`, { run_id: '@run', key: 'k', value: 'v' }),
  example(`POST ${V2}/runs/set-tag`, { run_uuid: '@run', key: 'k', value: 'v' }),
  example(`POST ${V2}/runs/delete-tag`, { run_id: '@run', key: 'own' }),
  example(`POST ${V2}/runs/log-parameter`, { run_id: '@run', key: 'k', value: 'v' }),
  example(`POST ${V2}/runs/log-parameter`, { run_uuid: '@run', key: 'k', value: 'v' }),
  example(`POST ${V2}/runs/log-metric`, { run_uuid: '@run', key: 'k', value: 1, timestamp: 1 }),
  example(`POST ${V2}/runs/log-metric`, {
    ...{ run_id: '@run', key: 'k', value: 99, timestamp: 1, model_id: '@model' },
    ...{ dataset_name: 'd', dataset_digest: 'e' },
  }),
  example(`POST ${V2}/runs/log-batch`, {
    run_id: '@run',
    metrics: [{ key: 'k', value: 99, timestamp: 1, model_id: '@model', run_id: '@run' }],
  }),
  example(`POST ${V2}/runs/log-model`, {
    run_id: '@run',
    model_json: JSON.stringify({ run_id: '@run', artifact_path: 'm', flavors: {}, utc_time_created: 'now' }),
  }),
  example(`POST ${V2}/runs/log-inputs`, {
    run_id: '@run',
    datasets: [{ dataset: { name: 'd', digest: 'e', source_type: 'local', source: 's' } }],
    models: [{ model_id: '@model' }],
  }),
  example(`POST ${V2}/runs/outputs`, { run_id: '@run', models: [{ model_id: '@model', step: 1 }] }),
  example(`GET ${V2}/artifacts/list?run_id=@run`),
  example(`GET ${V2}/artifacts/list?run_uuid=@run`),
  example(`POST ${V2}/artifacts/presigned-upload-url`, { run_id: '@run', path: 'a' }),
  example(`POST ${V2}/artifacts/presigned-upload-url`, { model_id: '@model', path: 'a' }),
  example(`POST ${V2}/artifacts/presigned-download-url`, { run_id: '@run', path: 'file.txt' }),
  example(`GET ${V2}/metrics/get-history?run_id=@run&metric_key=@metric`),
  example(`GET ${V2}/metrics/get-history?run_uuid=@run&metric_key=@metric`),
  example(`GET /ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=@run&metric_key=@metric`),
  example(`GET ${V2}/metrics/get-history-bulk-interval?run_ids=@run&metric_key=@metric`),
  example('GET /get-artifact?run_id=@run&path=file.txt'),
  example('GET /get-artifact?run_uuid=@run&path=file.txt'),
  example('POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=@run&path=by-a-probe.txt', { a: 1 }),
  example('POST /ajax-api/2.0/mlflow/upload-artifact?run_id=@run&path=by-a-probe.txt', { a: 1 }),
  example('POST /ajax-api/2.0/mlflow/runs/create-promptlab-run', {
    ...{
      experiment_id: '@experiment',
      run_name: 'r',
      prompt_template: 'p {{q}}',
      prompt_parameters: [{ key: 'q', value: 'v' }],
      model_route: 'm',
    },
    ...{
      model_parameters: [{ key: 't', value: '1' }],
      model_output_parameters: [{ key: 'o', value: '1' }],
      model_output: 'o',
      mlflow_version: '3',
      tags: [],
    },
    ...{ user_id: 'u', start_time: '1', model_input: 'i' },
  }),
]

const LOGGED_MODELS = [
  example(`POST ${V2}/logged-models`, { experiment_id: '@experiment', name: 'made', source_run_id: '@run' }),
  example(`GET ${V2}/logged-models/@model`),
  example(`PATCH ${V2}/logged-models/@model`, { model_id: '@model', status: 'LOGGED_MODEL_READY' }),
  example(`DELETE ${V2}/logged-models/@model`),
  example(`POST ${V2}/logged-models/@model/params`, { model_id: '@model', params: [{ key: 'k', value: 'v' }] }),
  example(`PATCH ${V2}/logged-models/@model/tags`, { tags: [{ key: 'k', value: 'v' }] }),
  example(`PATCH ${V2}/logged-models/@model/tags`, { model_id: '@model', tags: [{ key: 'k', value: 'v' }] }),
  example(`DELETE ${V2}/logged-models/@model/tags/own`),
  example(`GET ${V2}/logged-models/@model/artifacts/directories`),
  example('GET /ajax-api/2.0/mlflow/logged-models/@model/artifacts/files?artifact_file_path=file.txt'),
  example(`POST ${V2}/logged-models/search`, { experiment_ids: ['@experiment'] }),
  example(`POST ${V2}/logged-models/search`, { experiment_ids: ['@experiment'], filter: "source_run_id = '@run'" }),
]

const REGISTRY = [
  example(`GET ${V2}/registered-models/get?name=@registeredModel`),
  example(`POST ${V2}/registered-models/rename`, { name: '@registeredModel', new_name: '@fresh' }),
  example(`PATCH ${V2}/registered-models/update`, { name: '@registeredModel', description: 'by a probe' }),
  example(`DELETE ${V2}/registered-models/delete`, { name: '@registeredModel' }),
  example(`GET ${V2}/registered-models/get-latest-versions?name=@registeredModel`),
  example(`POST ${V2}/registered-models/get-latest-versions`, { name: '@registeredModel' }),
  example(`POST ${V2}/registered-models/set-tag`, { name: '@registeredModel', key: 'k', value: 'v' }),
  example(`DELETE ${V2}/registered-models/delete-tag`, { name: '@registeredModel', key: 'k' }),
  example(`POST ${V2}/registered-models/alias`, { name: '@registeredModel', alias: 'probe', version: '1' }),
  example(`GET ${V2}/registered-models/alias?name=@registeredModel&alias=champion`),
  example(`DELETE ${V2}/registered-models/alias`, { name: '@registeredModel', alias: 'champion' }),
  example(`POST ${V2}/model-versions/create`, { name: '@registeredModel', source: 'runs:/@run/model', run_id: '@run' }),
  example(`POST ${V2}/model-versions/create`, {
    name: '@registeredModel',
    source: 'models:/@model',
    model_id: '@model',
  }),
  example(`POST ${V2}/model-versions/create`, { name: '@registeredModel', source: '@artifactUri', run_id: '@run' }),
  example(`GET ${V2}/model-versions/get?name=@registeredModel&version=1`),
  example(`GET ${V2}/model-versions/get-download-uri?name=@registeredModel&version=1`),
  example(`GET ${V2}/model-versions/search?filter=run_id%3D'@run'`),
  example(`PATCH ${V2}/model-versions/update`, { name: '@registeredModel', version: '1', description: 'by a probe' }),
  example(`POST ${V2}/model-versions/transition-stage`, {
    ...{ name: '@registeredModel', version: '1', stage: 'Staging', archive_existing_versions: true },
  }),
  example(`POST ${V2}/model-versions/set-tag`, { name: '@registeredModel', version: '1', key: 'k', value: 'v' }),
  example(`DELETE ${V2}/model-versions/delete-tag`, { name: '@registeredModel', version: '1', key: 'k' }),
  example(`DELETE ${V2}/model-versions/delete`, { name: '@registeredModel', version: '1' }),
  example('GET /model-versions/get-artifact?name=@registeredModel&version=1&path=file.txt'),
]

const TIMES = { create_time: '2026-11-22T15:00:00Z', last_update_time: '2026-11-22T15:00:00Z' }
const FEEDBACK = { source: { source_type: 'HUMAN', source_id: 'me' }, feedback: { value: false }, ...TIMES }
const INFO = {
  trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '@experiment' } },
  ...{ request_time: '2026-11-22T16:00:00Z', execution_duration: '2s', state: 'OK' },
}
const start = (info: object) => example(`POST ${V3}/traces`, { trace: { trace_info: { ...INFO, ...info } } })

const TRACES = [
  start({ trace_id: '@newTrace' }),
  start({ trace_id: '@trace', tags: { by: 'a probe' } }),
  start({ trace_id: '@newTrace', trace_metadata: { 'mlflow.sourceRun': '@run', 'mlflow.modelId': '@model' } }),
  start({
    trace_id: '@newTrace',
    assessments: [{ ...FEEDBACK, assessment_name: 'a', assessment_id: '@newAssessment', trace_id: '@trace' }],
  }),
  start({ trace_id: '@trace', assessments: [{ ...FEEDBACK, assessment_name: 'a', assessment_id: '@assessment' }] }),
  start({ trace_id: '@trace', assessments: [{ ...FEEDBACK, assessment_name: 'a', overrides: '@assessment' }] }),
  start({
    trace_id: '@newTrace',
    assessments: [{ ...FEEDBACK, feedback: undefined, assessment_name: '@issue', issue: { issue_name: 'n' } }],
  }),
  example(`GET ${V3}/traces/@trace`),
  example(`GET ${V3}/traces/get?trace_id=@trace`),
  example(`GET ${V3}/traces/batchGet?trace_ids=@trace`),
  example(`GET ${V3}/traces/batchGet?trace_ids=@trace&experiment_ids=@experiment`),
  example(`POST ${V3}/traces/batchGetInfos`, { trace_ids: ['@trace'] }),
  example(`POST ${V3}/traces/batchGetInfos`, { trace_ids: ['@trace'], experiment_ids: ['@experiment'] }),
  example(`POST ${V3}/traces/search`, {
    locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '@experiment' } }],
  }),
  example(`POST ${V3}/traces/search`, {
    locations: [{ type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '@experiment' } }],
    filter: "attributes.run_id = '@run'",
  }),
  example(`POST ${V3}/traces/delete-traces`, { experiment_id: '@experiment', request_ids: ['@trace'] }),
  example(`POST ${V3}/traces/delete-traces`, { experiment_id: '@experiment', max_timestamp_millis: 4102444800000 }),
  example(`POST ${V2}/traces/delete-traces`, { experiment_id: '@experiment', request_ids: ['@trace'] }),
  example(`PATCH ${V3}/traces/@trace/tags`, { key: 'k', value: 'v' }),
  example(`PATCH ${V3}/traces/@trace/tags`, { trace_id: '@trace', key: 'k', value: 'v' }),
  example(`DELETE ${V3}/traces/@trace/tags`, { key: 'own' }),
  example(`DELETE ${V3}/traces/@trace/tags`, { trace_id: '@trace', key: 'own' }),
  example(`PATCH ${V2}/traces/@trace/tags`, { request_id: '@trace', key: 'k', value: 'v' }),
  example(`DELETE ${V2}/traces/@trace/tags`, { request_id: '@trace', key: 'own' }),
  example(`POST ${V2}/traces`, { experiment_id: '@experiment', timestamp_ms: 1, request_metadata: [], tags: [] }),
  example(`PATCH ${V2}/traces/@trace`, {
    ...{ request_id: '@trace', timestamp_ms: 9, status: 'ERROR', request_metadata: [], tags: [] },
  }),
  example(`GET ${V2}/traces?experiment_ids=@experiment`),
  example(`GET ${V2}/traces/@trace/info`),
  example(`POST ${V2}/traces/link-to-run`, { trace_ids: ['@trace'], run_id: '@run' }),
  example(`POST ${V2}/traces/link-prompts`, {
    ...{ trace_id: '@trace', prompt_versions: [{ name: '@registeredModel', version: '1' }] },
  }),
  example(`POST ${V3}/traces/calculate-filter-correlation`, {
    ...{ experiment_ids: ['@experiment'], filter_string1: "status = 'OK'", filter_string2: "tags.own LIKE '%'" },
  }),
  example(`POST ${V3}/traces/metrics`, {
    ...{ experiment_ids: ['@experiment'], view_type: 'TRACES', metric_name: 'trace_count' },
    aggregations: [{ aggregation_type: 'COUNT' }],
  }),
  example('GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=@trace'),
  example('GET /ajax-api/2.0/mlflow/get-trace-artifact?request_id=@trace'),
  example(
    'POST /v1/traces',
    { resourceSpans: [{ scopeSpans: [{ spans: ['@span'] }] }] },
    {
      'x-mlflow-experiment-id': '@experiment',
      'x-mlflow-run-id': '@run',
    },
  ),
]

const ASSESSMENTS = [
  example(`POST ${V3}/traces/@trace/assessments`, {
    assessment: { ...FEEDBACK, assessment_name: 'a', trace_id: '@trace', overrides: '@assessment' },
  }),
  example(`POST ${V3}/traces/@trace/assessments`, {
    assessment: { ...FEEDBACK, assessment_name: 'a', trace_id: '@trace', assessment_id: '@newAssessment' },
  }),
  example(`POST ${V3}/traces/@trace/assessments`, {
    assessment: {
      ...{ ...FEEDBACK, feedback: undefined, assessment_name: '@issue', issue: { issue_name: 'n' } },
      trace_id: '@trace',
    },
  }),
  example(`GET ${V3}/traces/@trace/assessments/@assessment`),
  example(`PATCH ${V3}/traces/@trace/assessments/@assessment`, {
    assessment: { assessment_id: '@assessment', trace_id: '@trace', feedback: { value: false } },
    update_mask: 'feedback',
  }),
  example(`DELETE ${V3}/traces/@trace/assessments/@assessment`),
]

const DATASETS = [
  example(`POST ${V3}/datasets/create`, { name: '@fresh', experiment_ids: ['@experiment'] }),
  example(`GET ${V3}/datasets/@dataset`),
  example(`GET ${V3}/datasets/@dataset/experiment-ids`),
  example(`GET ${V3}/datasets/@dataset/records`),
  example(`GET ${V3}/datasets/search?experiment_ids=@experiment`),
  example(`POST ${V3}/datasets/search`, { experiment_ids: ['@experiment'] }),
  example(`POST ${V3}/datasets/@dataset/records`, {
    dataset_id: '@dataset',
    records: JSON.stringify([
      { inputs: { q: 'probe' }, source: { source_type: 'TRACE', source_data: { trace_id: '@trace' } } },
    ]),
  }),
  example(`POST ${V3}/datasets/@dataset/records`, {
    records: JSON.stringify([{ dataset_record_id: '@record', inputs: { q: 'probe' } }]),
  }),
  example(`DELETE ${V3}/datasets/@dataset/records`, { dataset_id: '@dataset', dataset_record_ids: ['@record'] }),
  example(`PATCH ${V3}/datasets/@dataset/tags`, { dataset_id: '@dataset', tags: '{"k":"v"}' }),
  example(`DELETE ${V3}/datasets/@dataset/tags/own`),
  example(`DELETE ${V3}/datasets/@dataset`),
  example(`POST ${V3}/datasets/@dataset/add-experiments`, { dataset_id: '@dataset', experiment_ids: ['@experiment'] }),
  example(`POST ${V3}/datasets/@dataset/remove-experiments`, {
    ...{ dataset_id: '@dataset', experiment_ids: ['@experiment'] },
  }),
]

const GENAI = [
  example(`POST ${V3}/issues`, {
    ...{ experiment_id: '@experiment', name: 'n', description: 'd', status: 'pending', source_run_id: '@run' },
  }),
  example(`POST ${V3}/issues`, {
    ...{ experiment_id: '@experiment', name: 'n', description: 'd', status: 'pending', issue_id: '@newIssue' },
  }),
  example(`GET ${V3}/issues/@issue`),
  example(`PATCH ${V3}/issues/@issue`, { issue_id: '@issue', name: 'renamed by a probe' }),
  example(`POST ${V3}/issues/search`, { experiment_id: '@experiment', include_trace_count: true }),
  example(`POST ${V3}/label-schemas/create`, {
    ...{ experiment_id: '@experiment', name: '@fresh', type: 'FEEDBACK' },
    input: { pass_fail: { positive_label: 'y', negative_label: 'n' } },
  }),
  example(`GET ${V3}/label-schemas/get?schema_id=@schema`),
  example(`GET ${V3}/label-schemas/get-by-name?experiment_id=@experiment&name=@schemaName`),
  example(`GET ${V3}/label-schemas/list?experiment_id=@experiment`),
  example(`PATCH ${V3}/label-schemas/update`, { schema_id: '@schema', instruction: 'by a probe' }),
  example(`DELETE ${V3}/label-schemas/delete`, { schema_id: '@unusedSchema' }),
  example(`POST ${V3}/review-queues/create`, {
    ...{ experiment_id: '@experiment', name: '@fresh', queue_type: 'CUSTOM', users: ['u'], schema_ids: ['@schema'] },
  }),
  example(`POST ${V3}/review-queues/get-or-create-user`, { experiment_id: '@experiment', user: 'u' }),
  example(`GET ${V3}/review-queues/get?queue_id=@queue`),
  example(`GET ${V3}/review-queues/get-by-name?experiment_id=@experiment&name=@queueName`),
  example(`GET ${V3}/review-queues/list?experiment_id=@experiment`),
  example(`GET ${V3}/review-queues/list?experiment_id=@experiment&item_id=@trace`),
  example(`POST ${V3}/review-queues/update`, {
    ...{ queue_id: '@emptyQueue', update_schema_ids: true, schema_ids: ['@schema'] },
  }),
  example(`POST ${V3}/review-queues/delete`, { queue_id: '@queue' }),
  example(`POST ${V3}/review-queues/items/add`, { queue_id: '@queue', item_type: 'TRACE', item_ids: ['@otherTrace'] }),
  example(`POST ${V3}/review-queues/items/remove`, { queue_id: '@queue', item_ids: ['@trace'] }),
  example(`GET ${V3}/review-queues/items/list?queue_id=@queue`),
  example(`POST ${V3}/review-queues/items/set-status`, {
    ...{ queue_id: '@queue', item_id: '@trace', status: 'COMPLETE', completed_by: 'me' },
  }),
  example(`POST ${V3}/scorers/register`, {
    ...{ experiment_id: '@experiment', name: 'made-by-a-probe', serialized_scorer: '@serializedScorer' },
  }),
  example(`GET ${V3}/scorers/list?experiment_id=@experiment`),
  example(`GET ${V3}/scorers/list?experiment_ids=@experiment`),
  example(`GET ${V3}/scorers/versions?experiment_id=@experiment&name=@scorer`),
  example(`GET ${V3}/scorers/get?experiment_id=@experiment&name=@scorer`),
  example(`DELETE ${V3}/scorers/delete`, { experiment_id: '@experiment', name: '@scorer' }),
  example(`GET ${V3}/scorers/online-configs?scorer_ids=@scorerId`),
  example(`PUT ${V3}/scorers/online-config`, { experiment_id: '@experiment', name: '@scorer', sample_rate: 0 }),
  example(`GET ${V3}/prompt-optimization/jobs/search?experiment_id=@experiment`),
  example(`POST ${V3}/prompt-optimization/jobs/search`, { experiment_id: '@experiment' }),
]

const ARTIFACT = '@experiment/@run/artifacts/file.txt'
const FILES = [
  example(`GET ${ARTIFACTS}/artifacts/${ARTIFACT}`),
  example(`GET ${ARTIFACTS}/artifacts/workspaces/@workspace/${ARTIFACT}`),
  example(`GET ${ARTIFACTS}/artifacts?path=@experiment/@run/artifacts`),
  example(`GET ${ARTIFACTS}/artifacts?path=workspaces/@workspace/@experiment`),
  example(`PUT ${ARTIFACTS}/artifacts/${ARTIFACT}`, { by: 'a probe' }),
  example(`PUT ${ARTIFACTS}/artifacts/workspaces/@workspace/${ARTIFACT}`, { by: 'a probe' }),
  example(`DELETE ${ARTIFACTS}/artifacts/${ARTIFACT}`),
  example(`DELETE ${ARTIFACTS}/artifacts/workspaces/@workspace/${ARTIFACT}`),
]

const GRAPHQL = [
  example('POST /graphql', {
    query: 'query($id: String) { mlflowGetExperiment(input: {experimentId: $id}) { experiment { name } } }',
    variables: { id: '@experiment' },
  }),
  example('POST /graphql', {
    query: '{ mlflowGetRun(input: {runId: "@run"}) { run { info { runUuid experimentId } } } }',
  }),
  example('POST /graphql', {
    query: '{ mlflowListArtifacts(input: {runId: "@run"}) { rootUri files { path } } }',
  }),
  example('POST /graphql', {
    query: '{ mlflowSearchRuns(input: {experimentIds: ["@experiment"]}) { runs { info { runUuid } } } }',
  }),
  example('POST /graphql', {
    query: `{ mlflowGetMetricHistoryBulkInterval(input: {runIds: ["@run"], metricKey: "@metric"}) { metrics { value } } }`,
  }),
]

const SERVER = `${V3}/mcp-servers/@mcpServer`
const MCP = [
  example(`GET ${SERVER}`),
  example(`PATCH ${SERVER}`, { description: 'by a probe' }),
  example(`POST ${SERVER}/tags`, { key: 'k', value: 'v' }),
  example(`DELETE ${SERVER}/tags/own`),
  example(`POST ${SERVER}/aliases`, { alias: 'probe', version: '1.0.0' }),
  example(`GET ${SERVER}/aliases/champion`),
  example(`DELETE ${SERVER}/aliases/champion`),
  example(`GET ${SERVER}/versions`),
  example(`GET ${SERVER}/versions/1.0.0`),
  example(`PATCH ${SERVER}/versions/1.0.0`, { status: 'active' }),
  example(`POST ${SERVER}/versions/1.0.0/tags`, { key: 'k', value: 'v' }),
  example(`DELETE ${SERVER}/versions/1.0.0/tags/own`),
  example(`DELETE ${SERVER}/versions/1.0.0`),
  example(`GET ${SERVER}/endpoints`),
  example(`POST ${SERVER}/endpoints`, { url: 'https://mcp.example/probe', server_version: '1.0.0' }),
  example(`GET ${SERVER}/endpoints/@mcpEndpoint`),
  example(`PATCH ${SERVER}/endpoints/@mcpEndpoint`, { url: 'https://mcp.example/changed' }),
  example(`DELETE ${SERVER}/endpoints/@mcpEndpoint`),
  example(`DELETE ${SERVER}`),
  // Last, because it makes a server of that name in the caller's own project.
  example(`POST ${SERVER}/versions`, { server_json: { name: '@mcpServer', version: '2.0.0', description: 'd' } }),
]

const CHAT = { model: '@endpointName', messages: [{ role: 'user', content: 'hello' }] }
/** The AI gateway: its objects are made by administrators, and read and called by members. */
const ENDPOINTS = [
  example(`GET ${V3}/gateway/endpoints/get?endpoint_id=@endpoint`),
  example(`GET ${V3}/gateway/endpoints/list?secret_id=@secret`),
  example(`GET ${V3}/gateway/endpoints/bindings/list?endpoint_id=@endpoint`),
  example(`GET ${V3}/gateway/model-definitions/get?model_definition_id=@modelDefinition`),
  example(`GET ${V3}/gateway/model-definitions/list?secret_id=@secret`),
  example('POST /gateway/mlflow/v1/chat/completions', CHAT),
  example('POST /gateway/openai/v1/chat/completions', CHAT),
  example('POST /gateway/openai/v1/embeddings', { model: '@endpointName', input: 'hello' }),
  example('POST /gateway/openai/v1/responses', { model: '@endpointName', input: 'hello' }),
  example('POST /gateway/openai/v1/responses/compact', { model: '@endpointName', input: 'hello' }),
  example('POST /gateway/anthropic/v1/messages', { ...CHAT, max_tokens: 1 }),
  example('POST /gateway/typesafe/v1/systemone', { model: '@endpointName', input: 'hello' }),
  example('POST /gateway/gemini/v1beta/models/@endpointName:generateContent', { contents: [] }),
  example('POST /gateway/gemini/v1beta/models/@endpointName:streamGenerateContent', { contents: [] }),
  example('POST /gateway/@endpointName/mlflow/invocations', { messages: CHAT.messages }),
  example('POST /gateway/proxy/@endpointName/v1/chat/completions', CHAT),
]

const JOBS = [
  example('GET /ajax-api/3.0/jobs/@job'),
  example('GET /ajax-api/3.0/mlflow/jobs/@job'),
  example('PATCH /ajax-api/3.0/jobs/cancel/@job'),
  example('PATCH /ajax-api/3.0/mlflow/jobs/cancel/@job'),
  example(`GET ${V3}/prompt-optimization/jobs/@job`),
  example(`POST ${V3}/prompt-optimization/jobs/@job/cancel`),
  example(`DELETE ${V3}/prompt-optimization/jobs/@job`),
]

export const EXAMPLES: readonly Example[] = [
  ...[
    EXPERIMENTS,
    RUNS,
    LOGGED_MODELS,
    REGISTRY,
    TRACES,
    ASSESSMENTS,
    DATASETS,
    GENAI,
    FILES,
    GRAPHQL,
    MCP,
    ENDPOINTS,
    JOBS,
  ],
].flat()
