import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { ALPHA, BETA, type Door, type Lab, startLab } from './lab.ts'

/** What MLflow has for its whole server, whatever the workspace: webhooks of an event, spending of budgets, and files. */
let lab: Lab
let receiver: Server
const received: string[] = []

before(async () => {
  receiver = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text) => void received.push(text))
    request.on('end', () => response.end())
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  const anyUrl = { MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https', MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true' }
  // The server's own protection is off: the gateway must hold by itself.
  const env = { ...anyUrl, MLFLOW_WEBHOOK_CACHE_TTL: '60', MLFLOW_GATEWAY_BUDGET_REFRESH_INTERVAL: '0' }
  lab = await startLab({ env })
  for (const [user, project] of [['bob', ALPHA] as const, ['carol', BETA] as const])
    await (await lab.through(user, project)).ask('GET /version') // makes the workspace
})
after(async () => {
  await lab.close()
  receiver.close()
})

const webhook = () => ({
  name: 'of-beta',
  url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
  events: [{ entity: 'REGISTERED_MODEL', action: 'CREATED' }],
})
const register = (door: Door, name: string) => door.ask('POST /api/2.0/mlflow/registered-models/create', { name })

async function delivered(name: string): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!received.some((text) => text.includes(name)) && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50))
  assert.ok(
    received.some((text) => text.includes(name)),
    `${name} was not delivered`,
  )
}

test('through the gateway even an administrator creates no webhook, and changes none', async () => {
  const alice = await lab.through('alice', BETA)
  for (const line of ['POST /api/2.0/mlflow/webhooks', 'PATCH /ajax-api/2.0/mlflow/webhooks/w']) {
    const { status, json } = await alice.ask(line, webhook())
    assert.deepEqual([status, json.reason], [403, 'app-denied'])
  }
})

test('straight at MLflow, a model of alpha is told to the webhook of beta', async () => {
  assert.equal((await lab.direct(BETA).ask('POST /api/2.0/mlflow/webhooks', webhook())).status, 200)
  await register(lab.direct(BETA), 'of-carol')
  await register(lab.direct(ALPHA), 'of-bob')
  await delivered('of-bob')
})

const BUDGETS = '/api/3.0/mlflow/gateway/budgets'
let traces = 0
/** A trace that says what a call of a model has cost. */
async function claimCosts(door: Door) {
  const experiment = await door.ask('POST /api/2.0/mlflow/experiments/create', { name: `costs ${++traces}` })
  const trace_info = {
    trace_id: `tr-${String(traces).padStart(32, 'c')}`,
    trace_location: {
      type: 'MLFLOW_EXPERIMENT',
      mlflow_experiment: { experiment_id: experiment.pick('experiment_id') },
    },
    request_time: new Date().toISOString(),
    execution_duration: '1s',
    state: 'OK',
    trace_metadata: {
      'mlflow.gateway.endpointId': 'of-beta',
      'mlflow.trace.cost': JSON.stringify({ input_cost: 500, output_cost: 500, total_cost: 1000 }),
    },
  }
  return await door.ask('POST /api/3.0/mlflow/traces', { trace: { trace_info } })
}
async function spent(): Promise<number> {
  const { text } = await lab.direct(BETA).ask(`GET ${BUDGETS}/windows`)
  return JSON.parse(text).windows[0].current_spend
}

test('a trace of alpha is not charged to a budget of beta: straight at MLflow it is', async () => {
  const made = await lab.direct(BETA).ask(`POST ${BUDGETS}/create`, {
    ...{ budget_unit: 'USD', budget_amount: 5, budget_action: 'REJECT', target_scope: 'GLOBAL' },
    duration: { unit: 'DAYS', value: 1 },
  })
  assert.equal(made.status, 200, made.text)
  assert.equal(await spent(), 0)
  const { status, json } = await claimCosts(await lab.through('bob', ALPHA))
  assert.deepEqual([status, json.reason], [400, 'body-refused'])
  assert.equal(await spent(), 0)
  assert.equal((await claimCosts(lab.direct(ALPHA))).status, 200)
  assert.equal(await spent(), 1000)
})

const FILES = '/api/2.0/mlflow-artifacts/artifacts'
/** A trace of alpha whose ID is a path to the files of beta. Resolves to the reply, and to what is read by it. */
async function traceByPath(door: Door, dots: string): Promise<{ status: number; read: string }> {
  const experiment = (await door.ask('POST /api/2.0/mlflow/experiments/create', { name: `by path ${++traces}` })).pick(
    'experiment_id',
  )
  // On a file system `..` needs a folder to start from.
  await door.ask(`PUT ${FILES}/${experiment}/traces/any/file.txt`, 'any')
  const trace_id = `${dots}/${dots}/${dots}/${BETA}/1/traces/tr-1`
  const trace_location = { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experiment } }
  const info = { trace_id, trace_location, request_time: new Date().toISOString(), state: 'OK' }
  const { status } = await door.ask('POST /api/3.0/mlflow/traces', { trace: { trace_info: info } })
  const query = `request_id=${encodeURIComponent(trace_id)}`
  return { status, read: (await door.ask(`GET /ajax-api/3.0/mlflow/get-trace-artifact?${query}`)).text }
}
for (const dots of ['..', '%2e%2e']) {
  test(`a trace whose ID is a path of ${dots} reads the files of beta straight at MLflow, and not through the gateway`, async () => {
    const secret = JSON.stringify({ spans: [{ name: 'secret of carol' }] })
    await lab.direct(BETA).ask(`PUT ${FILES}/1/traces/tr-1/artifacts/traces.json`, secret)
    const through = await traceByPath(await lab.through('bob', ALPHA), dots)
    assert.equal(through.status, 400)
    assert.doesNotMatch(through.read, /secret of carol/)
    const direct = await traceByPath(lab.direct(ALPHA), dots)
    assert.match(direct.read, /secret of carol/)
    // What is there already is not read through the gateway either.
    assert.doesNotMatch((await traceByPath(await lab.through('bob', ALPHA), dots)).read, /secret of carol/)
  })
}
