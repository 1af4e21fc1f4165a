import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CI_CLIENT, CLI_CLIENT } from '../../infra/issuer/clients.ts'
import { ensureJavaClient } from '../../infra/parts/java-client.ts'
import { ensureMlflowOidcClient } from '../../infra/parts/mlflow-oidc-client.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { Browser } from '../browser.ts'
import { type HttpsIssuer, startHttpsIssuer } from './https-issuer.ts'
import { inPod } from './pod.ts'
import { CLUSTER_AUDIENCE, startWorld, type World } from './world.ts'

let world: World
let secure: HttpsIssuer
before(async () => {
  world = await startWorld()
  secure = await startHttpsIssuer(world.issuer.url, join(world.dir, 'issuer.pem'))
})
after(async () => {
  await secure.close()
  await world.close()
})

const QUICKSTART = join(import.meta.dirname, 'quickstart.py')
const MACHINE = 'service-account-ci-service'
const of = (author: string) => ({ author, metric: 0.5, artifact: 'content' })
const alpha = () => ({ MLFLOW_TRACKING_URI: `${world.url}/mlflow/alpha` })
const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, unknown>

test('MLflow for Python, with MLFLOW_TRACKING_TOKEN', async () => {
  const env = { ...alpha(), MLFLOW_TRACKING_TOKEN: await world.tokenOf('bob') }
  assert.deepEqual(await world.python('quickstart.py', env), of('bob'))
})

test('MLflow for Python, with Basic credentials of a client', async () => {
  const env = { ...alpha(), MLFLOW_TRACKING_USERNAME: CI_CLIENT.id, MLFLOW_TRACKING_PASSWORD: CI_CLIENT.secret }
  assert.deepEqual(await world.python('quickstart.py', env), of(MACHINE))
})

/** A Python script of this folder in a pod of a namespace: the files are where a pod has them. */
async function pod(namespace: string, script: string, env: Record<string, string>) {
  const token = await world.cluster.tokenOf('team-a', 'trainer', CLUSTER_AUDIENCE)
  const [program, args] = inPod(world.dir, { namespace, token }, join(world.bin, 'python'), [
    join(import.meta.dirname, script),
  ])
  return lastLine(await world.run(program, args, env))
}
const podUser = () => `${world.cluster.url}#system:serviceaccount:team-a:trainer`

test('MLflow for Python in a pod, with MLFLOW_TRACKING_AUTH=kubernetes', async () => {
  const env = { ...alpha(), MLFLOW_TRACKING_AUTH: 'kubernetes' }
  assert.deepEqual(await pod('team-a', 'quickstart.py', env), of(podUser()))
})

const NAMESPACED = { MLFLOW_TRACKING_AUTH: 'kubernetes-namespaced' }

test('MLflow for Python in a pod, with MLFLOW_TRACKING_AUTH=kubernetes-namespaced', async () => {
  const env = { MLFLOW_TRACKING_URI: `${world.url}/mlflow`, ...NAMESPACED }
  assert.deepEqual(await pod('team-a', 'quickstart.py', env), of(podUser()))
})

test('a pod that claims the namespace of another project, or one of none, is denied in the same words', async () => {
  const env = { MLFLOW_TRACKING_URI: `${world.url}/mlflow`, ...NAMESPACED }
  const [foreign, unknown] = [await pod('team-b', 'denied.py', env), await pod('team-x', 'denied.py', env)]
  assert.deepEqual(foreign, unknown)
  assert.equal(foreign.code, 'PERMISSION_DENIED')
  assert.match(String(foreign.error), /set MLFLOW_TRACKING_AUTH to kubernetes if .* Your projects: alpha\./)
})

test('a pod whose token is for the API server of its cluster is denied', async () => {
  const token = await world.cluster.tokenOf('team-a', 'trainer', 'https://kubernetes.default.svc.cluster.local')
  const denied = await world.python('denied.py', { ...alpha(), MLFLOW_TRACKING_TOKEN: token })
  assert.equal((denied as { code: string }).code, 'UNAUTHENTICATED')
})

/** Settings of `mlflow-oidc-client`, whose issuer must have an https URL. */
async function oidc(env: Record<string, string>) {
  const { python, pythonPath } = await ensureMlflowOidcClient()
  const own = { ...alpha(), PYTHONPATH: pythonPath, SSL_CERT_FILE: secure.certificate }
  return { python, env: { ...own, MLFLOW_TRACKING_OIDC_ISSUER: secure.url, ...env } }
}

test('mlflow-oidc-client, with client credentials', async () => {
  const { python, env } = await oidc({
    MLFLOW_TRACKING_OIDC_CLIENT_ID: CI_CLIENT.id,
    MLFLOW_TRACKING_OIDC_CLIENT_SECRET: CI_CLIENT.secret,
  })
  assert.deepEqual(lastLine(await world.run(python, [QUICKSTART], env)), of(MACHINE))
})

test('mlflow-oidc-client, with the sign-in of a user in a browser', async () => {
  const port = await freePort()
  const { python, env } = await oidc({
    MLFLOW_TRACKING_OIDC_CLIENT_ID: CLI_CLIENT.id,
    MLFLOW_TRACKING_OIDC_REDIRECT_URI: `http://127.0.0.1:${port}/callback`,
    MLFLOW_TRACKING_OIDC_USE_ID_TOKEN: 'false',
    BROWSER: `${browserScript()} %s`,
  })
  const printed = world.run(python, [QUICKSTART], env)
  const browser = new Browser()
  await browser.submit(await browser.open(secure.plain(await addressOf(printed))), {
    username: 'bob',
    password: 'bob-pw',
  })
  assert.deepEqual(lastLine(await printed), of('bob'))
})

/** A browser that leaves the address to the test. */
function browserScript(): string {
  const script = join(world.dir, 'browser.sh')
  writeFileSync(script, `#!/bin/sh\nprintf %s "$1" > ${join(world.dir, 'address.new')}\nmv address.new address\n`)
  chmodSync(script, 0o755)
  return script
}

/** The address that the browser was opened with. */
async function addressOf(ending: Promise<unknown>): Promise<string> {
  let ended = false
  const end = () => {
    ended = true
  }
  ending.then(end, end)
  const file = join(world.dir, 'address')
  while (!existsSync(file)) {
    if (ended) throw new Error(`no browser was opened: ${await ending}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return readFileSync(file, 'utf8')
}

test('MLflow for Java, with a token', async () => {
  const classPath = await ensureJavaClient()
  const env = { ...alpha(), MLFLOW_TRACKING_TOKEN: await world.tokenOf('bob') }
  const printed = await world.run('java', ['-cp', classPath, 'Quickstart'], env)
  assert.deepEqual(lastLine(printed), { author: 'bob', metric: 0.5 })
})

test('curl, with --oauth2-bearer', async () => {
  const search = `${world.url}/mlflow/alpha/api/2.0/mlflow/experiments/search?max_results=10`
  const found = await world.run('curl', ['-fsS', '--oauth2-bearer', await world.tokenOf('bob'), search])
  assert.ok((JSON.parse(found) as { experiments: unknown[] }).experiments.length > 0)
  const status = ['-s', '-o', join(world.dir, 'denied'), '-w', '%{http_code}', '--oauth2-bearer']
  assert.equal(await world.run('curl', [...status, await world.tokenOf('carol'), search]), '403')
  assert.equal(await world.run('curl', [...status, 'no-token', search]), '401')
})
