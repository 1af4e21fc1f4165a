import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type FakeIssuer, startFakeIssuer } from './fake-issuer.ts'
import { ALPHA, BETA, type Browser, startLoginKit } from './kit.ts'

/** `/auth/connect`: what a person copies into a terminal, a script or a pipeline. */
const UNKNOWN = '99999999-9999-4999-8999-999999999999'
const WHEEL = { file: 'modelops_gateway_mlflow-1.0-py3-none-any.whl', content: Buffer.from('wheel'), sha256: 'ab' }
let fake: FakeIssuer
before(async () => {
  fake = await startFakeIssuer()
})
after(() => fake.close())

async function signedIn(options: { cli?: boolean; wheel?: boolean } = {}): Promise<Browser> {
  const { cli = true, wheel = true } = options
  const issuer = cli ? { cliClientId: 'cli' } : {}
  const kit = startLoginKit(fake, { issuer }, wheel ? { clientPackage: WHEEL } : {})
  const browser = kit.browser()
  await browser.login(fake)
  return browser
}

const blocks = (html: string) =>
  [...html.matchAll(/<pre[^>]*><code>([\s\S]*?)<\/code><\/pre>/g)].map(([, text = '']) =>
    text.replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  )

test('the page has the address, the commands and the variables of the project', async () => {
  const text = (await (await signedIn()).open(`/auth/connect?project=${ALPHA}`)).text
  const shown = blocks(text).join('\n')
  for (const line of [
    `pip install https://o.example/auth/clients/${WHEEL.file}`,
    'python -m modelops_gateway_mlflow login https://o.example',
    'export MLFLOW_TRACKING_URI=https://o.example/mlflow/alpha',
    'export MLFLOW_TRACKING_AUTH=modelops',
    `export MODELOPS_PROJECT=${ALPHA}`,
    'modelops-gateway login --gateway https://o.example',
    `eval "$(modelops-gateway env mlflow --project ${ALPHA})"`,
    `eval "$(modelops-gateway env airflow --project ${ALPHA})"`,
    'export AIRFLOW_API_URL=https://o.example/airflow',
    'export VMO_URL=https://api.example',
    'export MODELOPS_CLIENT_ID=CLIENT_ID',
  ])
    assert.ok(shown.split('\n').includes(line), `${line} in:\n${shown}`)
  assert.match(
    shown,
    /curl -H "Authorization: Bearer \$\(modelops-gateway token\)" .*https:\/\/api\.example\/api\/projects/,
  )
  assert.doesNotMatch(text, /eyJ|access-token|beta/)
})

test('without the package the variables need only the command line', async () => {
  const shown = blocks((await (await signedIn({ wheel: false })).open(`/auth/connect?project=${ALPHA}`)).text).join(
    '\n',
  )
  assert.match(shown, /export MLFLOW_TRACKING_TOKEN="\$\(modelops-gateway token\)"/)
  assert.doesNotMatch(shown, /MLFLOW_TRACKING_AUTH|modelops_gateway_mlflow/)
})

test('where no sign-in at a terminal is offered, no command asks for it', async () => {
  const { text } = await (await signedIn({ cli: false })).open(`/auth/connect?project=${ALPHA}`)
  assert.doesNotMatch(blocks(text).join('\n'), / login /)
  assert.match(text, /offers no sign-in at a terminal/)
})

test('a project of others and an unknown one are denied in the same way, and a name is no UUID', async () => {
  const browser = await signedIn()
  for (const [project, status] of [
    [BETA, 403],
    [UNKNOWN, 403],
    ['alpha', 400],
    ['', 400],
  ] as const) {
    const response = await browser.open(`/auth/connect?project=${project}`)
    assert.equal(response.status, status, project)
    assert.doesNotMatch(response.text, /beta|MLFLOW_TRACKING_URI/)
  }
})

test('who is not signed in signs in first, and returns', async () => {
  const kit = startLoginKit(fake)
  const response = await kit.browser().open(`/auth/connect?project=${ALPHA}`)
  assert.equal(response.status, 303)
  assert.match(response.get('location') ?? '', /return_to=%2Fauth%2Fconnect%3Fproject%3D11111111/)
})

test('the selected project is named first, with what to open next', async () => {
  const browser = await signedIn()
  assert.doesNotMatch((await browser.open('/')).text, /You work in/)
  await browser.post('/auth/project', { project: ALPHA, return_to: '/' })
  const { text } = await browser.open('/')
  assert.match(text, /You work in alpha[\s\S]*href="\/mlflow\/">Open MLflow[\s\S]*\/auth\/connect\?project=11111111/)
  assert.doesNotMatch(text, /Open Core API/)
})

test('a tile says whether the application responded, and nothing where that is not known', async () => {
  const states = new Map([
    ['http://127.0.0.1:5000', 'not-responding' as const],
    ['http://127.0.0.1:8080', 'responding' as const],
  ])
  const browser = startLoginKit(fake, {}, { applicationState: (origin) => states.get(origin) }).browser()
  await browser.login(fake)
  const { text } = await browser.open('/')
  assert.match(text, /<strong>MLflow<[^\n]*Not responding/)
  assert.match(text, /<strong>Airflow<[^\n]*>Responding/)
  assert.doesNotMatch(text, /<strong>Core API<[^\n]*esponding/)
})
