import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CLI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA, BETA } from '../../infra/issuer/users.ts'
import type { Browser, Send } from '../browser.ts'
import { type Kit, signedInBrowser, startKit } from '../kit.ts'

/** A denial tells MLflow's clients which variable to set, and names only the caller's own projects. */
const PYTHON = { 'user-agent': 'mlflow-python-client/3.18.0' }
const SEARCH = '/mlflow/api/2.0/mlflow/experiments/search?max_results=1'
const UNKNOWN = '99999999-9999-4999-8999-999999999999'
const GAMMA = '33333333-3333-4333-8333-333333333333'

let kit: Kit
let people: Record<'bob' | 'dave' | 'erin', Browser>
before(async () => {
  kit = await startKit({
    config: {
      issuer: { cliClientId: CLI_CLIENT.id },
      projects: {
        source: 'static',
        list: [
          { id: ALPHA, name: 'alpha', groups: ['project-alpha'] },
          { id: BETA, name: 'Title Case', groups: ['project-beta'] },
          { id: GAMMA, name: 'needle', groups: ['needle-group'] },
        ] as never,
      },
    },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' },
      { name: 'basic', app: 'mlflow', path: '/basic', access: 'project', basicCredentials: true },
      { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
    ],
  })
  people = {
    bob: await signedInBrowser(kit, 'bob'),
    dave: await signedInBrowser(kit, 'dave'),
    erin: await signedInBrowser(kit, 'erin'),
  }
})
after(() => kit.close())

async function denied(who: keyof typeof people | 'nobody', path: string, headers: Record<string, string> = {}) {
  const init: Send = { headers }
  const response = await (who === 'nobody'
    ? fetch(`${kit.url}${path}`, { headers })
    : people[who].fetch(`${kit.url}${path}`, init))
  const body = (await response.json()) as { reason: string; message?: string; detail?: string }
  const text = JSON.stringify(body)
  assert.doesNotMatch(text, new RegExp(`needle|${GAMMA}`), 'nothing of a project of others')
  return { reason: body.reason, message: body.message ?? text, headers: response.headers }
}

const tracking = () => `Set MLFLOW_TRACKING_URI to ${kit.url}/mlflow/<project>.`
const own = () => `${tracking()} Your projects: ${BETA}, alpha.`

test('no project: the variable, its value, and the projects to choose from', async () => {
  const { reason, message } = await denied('dave', SEARCH, PYTHON)
  assert.equal(reason, 'project-missing')
  assert.equal(message, `The request does not name a project. ${own()}`)
  assert.doesNotMatch(message, /AOA-Project-ID|projectId/)
})

test('no project, and a member of none: whom to ask', async () => {
  const { reason, message } = await denied('erin', SEARCH, PYTHON)
  assert.equal(reason, 'project-missing')
  assert.match(message, /You are not a member of any project\. Ask an administrator/)
})

test('a wrong project, and one of others: the same text, with the own projects', async () => {
  const paths = [UNKNOWN, GAMMA, 'nothing', 'needle'].map((name) => SEARCH.replace('/mlflow/', `/mlflow/${name}/`))
  const messages = await Promise.all(paths.map(async (path) => (await denied('dave', path, PYTHON)).message))
  assert.deepEqual(new Set(messages), new Set([messages[0]]))
  assert.ok(messages[0]?.endsWith(own()), messages[0])
})

test('a name as MLFLOW_WORKSPACE, and two projects: which variable to unset', async () => {
  const named = await denied('dave', SEARCH, { ...PYTHON, 'x-mlflow-workspace': 'alpha' })
  assert.equal(named.reason, 'project-malformed')
  assert.match(named.message, /MLFLOW_WORKSPACE must be a UUID\. Unset it\. Set MLFLOW_TRACKING_URI/)
  const two = await denied('dave', SEARCH.replace('/mlflow/', '/mlflow/alpha/'), {
    ...PYTHON,
    'x-mlflow-workspace': BETA,
  })
  assert.equal(two.reason, 'project-ambiguous')
  assert.match(two.message, /unset MLFLOW_WORKSPACE and MODELOPS_PROJECT/)
})

test('a workspace that is no project of the caller: what to unset', async () => {
  const { reason, message } = await denied('dave', SEARCH, { ...PYTHON, 'x-mlflow-workspace': UNKNOWN })
  assert.equal(reason, 'not-in-project')
  assert.match(
    message,
    /Unset MLFLOW_WORKSPACE, and set MLFLOW_TRACKING_AUTH to kubernetes if .* Set MLFLOW_TRACKING_URI/,
  )
})

test('no token, from the client for Java, which reads no variable: how to create the client', async () => {
  const { message } = await denied('nobody', SEARCH, { 'user-agent': 'mlflow-java-client/2.17.2' })
  assert.match(message, /then create the client with `new MlflowClient\(new BasicMlflowHostCreds\(uri, token\)\)`/)
  assert.doesNotMatch(message, /MLFLOW_TRACKING_TOKEN/)
})

test('no token: how to get one, and which variable takes it', async () => {
  const { reason, message } = await denied('nobody', SEARCH, PYTHON)
  assert.equal(reason, 'login-required')
  assert.match(
    message,
    /Run `modelops-gateway login --gateway http:\/\/127\.0\.0\.1:\d+`, then set MLFLOW_TRACKING_TOKEN/,
  )
  assert.doesNotMatch(message, /alpha|Title|Your projects/)
})

const PASSWORD = { authorization: `Basic ${Buffer.from('bob:bob-pw').toString('base64')}` }

test('a user name and a password: the sentence that says so, and what to do', async () => {
  for (const headers of [{ ...PYTHON, ...PASSWORD }, PASSWORD]) {
    const { reason, message, headers: sent } = await denied('nobody', SEARCH, headers)
    assert.equal(reason, 'token-invalid')
    assert.match(message, /A user name and a password are not accepted here\. Run `modelops-gateway login/)
    assert.equal(/unset MLFLOW_TRACKING_USERNAME/.test(message), 'user-agent' in headers)
    assert.match(sent.get('www-authenticate') ?? '', /^Bearer resource_metadata=/)
    assert.doesNotMatch(message, /bob/)
  }
})

test('where a client’s secret is accepted, the text tells it from a person’s password', async () => {
  const { reason, message } = await denied('nobody', SEARCH.replace('/mlflow/', '/basic/'), { ...PYTHON, ...PASSWORD })
  assert.equal(reason, 'token-invalid')
  assert.match(message, /ID and the secret of a client.*of a person are not accepted\. Run `modelops-gateway login/)
})

test('other clients, and other applications, read of headers', async () => {
  for (const [path, headers] of [
    [SEARCH, { 'user-agent': 'curl/8.0' }],
    [SEARCH, { 'user-agent': 'x mlflow-python-client/3.18.0' }],
    ['/notes/', PYTHON],
  ] as const)
    assert.match((await denied('dave', path, { ...headers })).message, /Send the AOA-Project-ID header/)
})
