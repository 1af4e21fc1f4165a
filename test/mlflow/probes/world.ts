import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Database } from '../database.ts'
import type { Door, Reply } from '../lab.ts'

/** What a member may keep in MLflow, by the kind of its identifier. */
export type Kind = (typeof KINDS)[number]
const KINDS = [
  ...(['experiment', 'run', 'model', 'trace', 'assessment', 'dataset', 'record', 'issue', 'schema', 'queue'] as const),
  ...(['emptyQueue', 'scorer', 'scorerId', 'registeredModel', 'metric', 'schemaName', 'queueName'] as const),
  ...(['artifactUri', 'deletedExperiment', 'deletedRun', 'unusedSchema', 'otherTrace', 'mcpServer'] as const),
  ...(['mcpEndpoint', 'secret', 'modelDefinition', 'endpoint', 'endpointName', 'job'] as const),
] as const

/** Creates objects as they are needed, each once: an assessment lies on the trace of the same world. */
export class World {
  readonly #known = new Map<Kind, Promise<string>>()
  readonly door: Door
  /** Part of the names by which objects are found, so that worlds do not meet. */
  readonly label: string
  /** Part of everything else: whoever reads it has read something of this world. */
  readonly secret: string

  /** MLflow's database: jobs are not run in these tests, so theirs are written into it. */
  readonly #database: Database

  constructor(door: Door, label: string, database: Database) {
    this.door = door
    this.#database = database
    this.label = label
    this.secret = `secret-of-${label}`
  }

  /** Identifier of the object of this kind. */
  get(kind: Kind): Promise<string> {
    const known = this.#known.get(kind)
    if (known) return known
    const made: Promise<string> = FACTORIES[kind](this)
    this.#known.set(kind, made)
    return made
  }

  /** Creates one object of every kind. */
  async fill(): Promise<ReadonlyMap<Kind, string>> {
    const ids = new Map<Kind, string>()
    for (const kind of KINDS) ids.set(kind, await this.get(kind))
    return ids
  }

  async insertJob(): Promise<string> {
    const id = randomUUID()
    const workspace = this.door.headers['X-MLFLOW-WORKSPACE'] ?? ''
    await this.#database.write(
      `INSERT INTO jobs (id, creation_time, job_name, params, workspace, status, retry_count, last_update_time)
       VALUES (?, 1, 'j', ?, ?, 0, 0, 1)`,
      [id, JSON.stringify({ of: this.secret }), workspace],
    )
    return id
  }

  async post(path: string, body: object): Promise<Reply> {
    const reply = await this.door.ask(`POST ${path}`, body)
    assert.ok(reply.status < 300, `${path}: ${reply.status} ${reply.text}`)
    return reply
  }
}

const V2 = '/api/2.0/mlflow'
const V3 = '/api/3.0/mlflow'
/** A tag of an object's own, for requests that remove one. */
const OWN = { key: 'own', value: 'tag' }
const hex = (length: number) => Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join('')

const FACTORIES: Readonly<Record<Kind, (world: World) => Promise<string>>> = {
  async experiment(world: World) {
    const created = await world.post(`${V2}/experiments/create`, { name: `experiment ${world.secret}`, tags: [OWN] })
    return created.pick('experiment_id')
  },
  async run(world: World) {
    const body = { experiment_id: await world.get('experiment'), run_name: `run ${world.secret}`, tags: [OWN] }
    const run = (await world.post(`${V2}/runs/create`, body)).pick('run.info.run_id')
    await world.post(`${V2}/runs/log-metric`, { run_id: run, key: `metric-${world.label}`, value: 1, timestamp: 1 })
    await world.post(`${V2}/runs/log-parameter`, { run_id: run, key: 'p', value: `param ${world.secret}` })
    const file = `${await world.get('experiment')}/${run}/artifacts/file.txt`
    await world.door.ask(`PUT /api/2.0/mlflow-artifacts/artifacts/${file}`, `content ${world.secret}`)
    return run
  },
  async model(world: World) {
    const body = {
      experiment_id: await world.get('experiment'),
      name: `model-${world.secret}`,
      source_run_id: await world.get('run'),
      tags: [OWN],
    }
    const model = (await world.post(`${V2}/logged-models`, body)).pick('model.info.model_id')
    const file = `${await world.get('experiment')}/models/${model}/artifacts/file.txt`
    await world.door.ask(`PUT /api/2.0/mlflow-artifacts/artifacts/${file}`, `content ${world.secret}`)
    return model
  },
  trace: (world: World) => startTrace(world, `tr-${hex(32)}`),
  async assessment(world: World) {
    const trace_id = await world.get('trace')
    const body = {
      assessment: {
        assessment_name: `assessment ${world.secret}`,
        trace_id,
        source: { source_type: 'HUMAN', source_id: world.secret },
        feedback: { value: true },
        create_time: '2026-11-22T15:00:00Z',
        last_update_time: '2026-11-22T15:00:00Z',
      },
    }
    return (await world.post(`${V3}/traces/${trace_id}/assessments`, body)).pick('assessment.assessment_id')
  },
  async dataset(world: World) {
    const body = { name: `dataset ${world.secret}`, experiment_ids: [await world.get('experiment')] }
    const id = (await world.post(`${V3}/datasets/create`, body)).pick('dataset.dataset_id')
    const records = JSON.stringify([{ inputs: { q: world.secret }, expectations: { a: 1 } }])
    await world.post(`${V3}/datasets/${id}/records`, { dataset_id: id, records })
    return id
  },
  async record(world: World) {
    const reply = await world.door.ask(`GET ${V3}/datasets/${await world.get('dataset')}/records`)
    return JSON.parse(reply.pick('records'))[0].dataset_record_id as string
  },
  async issue(world: World) {
    const body = {
      experiment_id: await world.get('experiment'),
      name: `issue ${world.secret}`,
      description: 'd',
      status: 'pending',
    }
    return (await world.post(`${V3}/issues`, body)).pick('issue.issue_id')
  },
  async schema(world: World) {
    const body = {
      experiment_id: await world.get('experiment'),
      name: `schema ${world.label}`,
      type: 'FEEDBACK',
      input: { pass_fail: { positive_label: 'y', negative_label: 'n' } },
    }
    return (await world.post(`${V3}/label-schemas/create`, body)).pick('label_schema.schema_id')
  },
  async queue(world: World) {
    const body = {
      experiment_id: await world.get('experiment'),
      name: `queue ${world.label}`,
      queue_type: 'CUSTOM',
      users: [`user-${world.secret}`],
      schema_ids: [await world.get('schema')],
    }
    const id = (await world.post(`${V3}/review-queues/create`, body)).pick('review_queue.queue_id')
    const items = { queue_id: id, item_type: 'TRACE', item_ids: [await world.get('trace')] }
    await world.post(`${V3}/review-queues/items/add`, items)
    return id
  },
  async emptyQueue(world: World) {
    const body = { name: `empty ${world.secret}`, queue_type: 'CUSTOM', users: ['u'] }
    const owned = { experiment_id: await world.get('experiment'), schema_ids: [await world.get('schema')] }
    return (await world.post(`${V3}/review-queues/create`, { ...body, ...owned })).pick('review_queue.queue_id')
  },
  async scorer(world: World) {
    const body = {
      experiment_id: await world.get('experiment'),
      name: `scorer-${world.label}`,
      serialized_scorer: SCORER(world.label),
    }
    await world.post(`${V3}/scorers/register`, body)
    return `scorer-${world.label}`
  },
  async scorerId(world: World) {
    await world.get('scorer')
    const reply = await world.door.ask(`GET ${V3}/scorers/list?experiment_id=${await world.get('experiment')}`)
    return reply.pick('scorers.0.scorer_id')
  },
  async registeredModel(world: World) {
    const name = `registered-${world.label}`
    await world.post(`${V2}/registered-models/create`, { name, description: world.secret })
    const source = await world.get('artifactUri')
    await world.post(`${V2}/model-versions/create`, { name, source, run_id: await world.get('run') })
    await world.post(`${V2}/registered-models/alias`, { name, alias: 'champion', version: '1' })
    return name
  },
  /** A kind of text that a request needs beside identifiers; the same for everybody. */
  async metric(world: World) {
    await world.get('run')
    return `metric-${world.label}`
  },
  async schemaName(world: World) {
    await world.get('schema')
    return `schema ${world.label}`
  },
  async queueName(world: World) {
    await world.get('queue')
    return `queue ${world.label}`
  },
  async artifactUri(world: World) {
    const run = await world.door.ask(`GET ${V2}/runs/get?run_id=${await world.get('run')}`)
    return run.pick('run.info.artifact_uri')
  },
  async deletedExperiment(world: World) {
    const created = await world.post(`${V2}/experiments/create`, { name: `deleted ${world.secret}` })
    await world.post(`${V2}/experiments/delete`, { experiment_id: created.pick('experiment_id') })
    return created.pick('experiment_id')
  },
  async deletedRun(world: World) {
    const created = await world.post(`${V2}/runs/create`, { experiment_id: await world.get('experiment') })
    await world.post(`${V2}/runs/delete`, { run_id: created.pick('run.info.run_id') })
    return created.pick('run.info.run_id')
  },
  async unusedSchema(world: World) {
    const body = {
      experiment_id: await world.get('experiment'),
      name: `unused schema ${world.label}`,
      type: 'FEEDBACK',
      input: { pass_fail: { positive_label: 'y', negative_label: 'n' } },
    }
    return (await world.post(`${V3}/label-schemas/create`, body)).pick('label_schema.schema_id')
  },
  async otherTrace(world: World) {
    return startTrace(world, `tr-${hex(32)}`)
  },
  async mcpServer(world: World) {
    const name = `io.example/mcp-${world.label}`
    await world.post(`${V3}/mcp-servers`, { name })
    await world.post(`${V3}/mcp-servers/${name}/tags`, OWN)
    const server_json = { name, version: '1.0.0', description: world.secret }
    await world.post(`${V3}/mcp-servers/${name}/versions`, { server_json })
    await world.post(`${V3}/mcp-servers/${name}/versions/1.0.0/tags`, OWN)
    await world.post(`${V3}/mcp-servers/${name}/aliases`, { alias: 'champion', version: '1.0.0' })
    return name
  },
  async mcpEndpoint(world: World) {
    const path = `${V3}/mcp-servers/${await world.get('mcpServer')}/endpoints`
    const url = `https://mcp.example/${world.secret}`
    const created = await world.post(path, { url, server_version: '1.0.0', transport_type: 'streamable-http' })
    return String(created.json.endpoint_id ?? created.json.id)
  },
  async secret(world: World) {
    const body = { secret_name: `secret-${world.label}`, secret_value: { api_key: world.secret }, provider: 'openai' }
    return (await world.post(`${V3}/gateway/secrets/create`, body)).pick('secret.secret_id')
  },
  async modelDefinition(world: World) {
    const body = { name: `definition ${world.secret}`, provider: 'openai', model_name: 'm' }
    const owned = { secret_id: await world.get('secret') }
    const created = await world.post(`${V3}/gateway/model-definitions/create`, { ...body, ...owned })
    return created.pick('model_definition.model_definition_id')
  },
  async endpoint(world: World) {
    const model = { model_definition_id: await world.get('modelDefinition'), linkage_type: 'PRIMARY', weight: 1 }
    const body = { name: `endpoint-${world.label}`, model_configs: [model] }
    return (await world.post(`${V3}/gateway/endpoints/create`, body)).pick('endpoint.endpoint_id')
  },
  async endpointName(world: World) {
    await world.get('endpoint')
    return `endpoint-${world.label}`
  },
  async job(world: World) {
    return world.insertJob()
  },
}

const SCORER = (name: string) =>
  JSON.stringify({
    name: `scorer-${name}`,
    aggregations: null,
    is_session_level_scorer: false,
    mlflow_version: '3.17.2',
    serialization_version: 1,
    builtin_scorer_class: 'Safety',
    builtin_scorer_pydantic_data: { name: `scorer-${name}` },
  })

async function startTrace(world: World, trace_id: string): Promise<string> {
  const info = {
    trace_id,
    trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: await world.get('experiment') } },
    request_time: '2026-11-22T15:00:00Z',
    execution_duration: '1s',
    state: 'OK',
    request_preview: `request ${world.secret}`,
    trace_metadata: {},
    tags: { own: world.secret },
  }
  await world.post(`${V3}/traces`, { trace: { trace_info: info } })
  const span = { traceId: trace_id.slice(3), spanId: hex(16), name: `span ${world.secret}` }
  const times = { startTimeUnixNano: '1795359600000000000', endTimeUnixNano: '1795359601000000000' }
  const body = { resourceSpans: [{ scopeSpans: [{ spans: [{ ...span, ...times }] }] }] }
  const headers = { 'x-mlflow-experiment-id': await world.get('experiment') }
  const exported = await world.door.ask('POST /v1/traces', body, headers)
  assert.equal(exported.status, 200, exported.text)
  return trace_id
}
