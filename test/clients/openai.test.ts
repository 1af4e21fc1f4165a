import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ModelProvider, startModelProvider } from './model-provider.ts'
import { startWorld, type World } from './world.ts'

let world: World
let provider: ModelProvider
before(async () => {
  ;[world, provider] = await Promise.all([startWorld(), startModelProvider()])
  const admin = await world.tokenOf('alice')
  const create = async (path: string, body: object) => {
    const response = await fetch(`${world.url}/mlflow/alpha/api/3.0/mlflow/gateway/${path}/create`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    assert.equal(response.status, 200, text)
    return JSON.parse(text) as Record<string, Record<string, string>>
  }
  const { secret } = await create('secrets', {
    ...{ secret_name: 'provider', provider: 'openai', secret_value: { api_key: 'key-of-the-provider' } },
    auth_config: { api_base: provider.url },
  })
  for (const name of ['chat', 'embeddings']) {
    const definition = { name: `${name} model`, provider: 'openai', model_name: 'stand-in' }
    const { model_definition: model } = await create('model-definitions', {
      ...definition,
      secret_id: secret?.secret_id,
    })
    const config = { model_definition_id: model?.model_definition_id, linkage_type: 'PRIMARY', weight: 1 }
    await create('endpoints', { name, model_configs: [config] })
  }
})
after(async () => {
  await world.close()
  await provider.close()
})

const settings = (project: string, token: string, api = 'openai') => ({
  ...{ OPENAI_BASE_URL: `${world.url}/mlflow/${project}/gateway/${api}/v1`, OPENAI_API_KEY: token },
  ...{ ENDPOINT: 'chat', EMBEDDINGS: 'embeddings' },
})

test('OpenAI’s SDK for Python, with a token of a user', async () => {
  const token = await world.tokenOf('bob')
  const said = { whole: 'I am a stand-in', streamed: 'I am a stand-in', embedding: [0.25, 0.5] }
  assert.deepEqual(await world.python('openai_chat.py', settings('alpha', token)), said)
  assert.equal(provider.asked.length, 3)
  const told = JSON.stringify(provider.asked)
  assert.ok(provider.asked.every(({ authorization }) => authorization === 'Bearer key-of-the-provider'))
  assert.doesNotMatch(told, /bob|project-alpha|eyJ|x-forwarded|assertion/i, 'nothing about the caller')
  assert.ok(!told.includes(token))
})

test('OpenAI’s SDK cannot call a model of another project', async () => {
  const before = provider.asked.length
  const ask = async (user: string, project: string) =>
    ((await world.python('openai_chat.py', settings(project, await world.tokenOf(user)))) as { type: string }).type
  assert.equal(await ask('carol', 'alpha'), 'PermissionDeniedError')
  assert.equal(await ask('carol', 'beta'), 'NotFoundError')
  assert.equal(provider.asked.length, before)
})

test('OpenAI’s SDK with a token that is none says so', async () => {
  const denied = (await world.python('openai_chat.py', settings('alpha', 'sk-no-token'))) as Record<string, unknown>
  assert.equal(denied.type, 'AuthenticationError')
})
