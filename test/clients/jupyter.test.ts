import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Browser } from '../browser.ts'
import { codeBlocks } from '../unit/infra/docs/pages.ts'
import { type Hub, startHub } from './hub.ts'
import { type Kernel, startKernel } from './kernel.ts'
import { startWorld, type World } from './world.ts'

const SECONDS = 12
let world: World
let hub: Hub
before(async () => {
  world = await startWorld()
  world.issuer.setAccessTokenSeconds(SECONDS)
  hub = await startHub(world)
})
after(async () => {
  await hub?.close()
  await world.close()
})

/** Signs in to the hub in a browser, starts the user's server and a kernel in it. */
async function kernelOf(username: string): Promise<Kernel> {
  const browser = new Browser()
  const form = await browser.open(`${hub.url}/hub/oauth_login`)
  const page = await browser.submit(form, { username, password: `${username}-pw` })
  assert.ok(page.url.href.startsWith(hub.url), `${page.url}: ${page.status}`)
  const headers = { authorization: `token ${hub.serviceToken}` }
  const api = `${hub.url}/hub/api/users/${username}`
  // The hub starts the server after the sign-in.
  const isReady = async () => /"ready": ?true/.test(await (await fetch(api, { headers })).text())
  for (let asked = 0; !(await isReady()); asked += 1) {
    assert.ok(asked < 400, readFileSync(join(world.dir, 'hub', 'hub.log'), 'utf8').slice(-3000))
    await sleep(250)
  }
  return await startKernel(`${hub.url}/user/${username}/`, hub.serviceToken)
}

const [, , CELL = ''] = codeBlocks(readFileSync('docs/guides/clients/jupyter.md', 'utf8'), 'python')
const TRAINING = `
import time, mlflow
until = time.time() + ${SECONDS * 3}
tokens = set()
with mlflow.start_run():
    while time.time() < until:
        tokens.add(os.environ["MLFLOW_TRACKING_TOKEN"])
        mlflow.log_metric("loss", until - time.time())
        time.sleep(0.2)
print(len(tokens))
`

test('a notebook of JupyterHub logs as its user, through several lifetimes of its token', async (t) => {
  const kernel = await kernelOf('bob')
  t.after(() => kernel.close())
  assert.equal((await kernel.run(CELL)).trim().split('\n').at(-1), 'bob')
  const tokens = Number((await kernel.run(`import os${TRAINING}`)).trim().split('\n').at(-1))
  assert.ok(tokens >= 3, `${tokens} tokens`)
  t.diagnostic(`${tokens} tokens of ${SECONDS} s in one cell of ${SECONDS * 3} s`)
  // What a notebook must not have: the secret of the hub's client, and what belongs to others.
  const read = 'import os, json, urllib.request as r, urllib.error as e'
  const ask = (path: string) => `
def ask():
    q = r.Request(os.environ["JUPYTERHUB_API_URL"] + "${path}", headers={"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]})
    try:
        return r.urlopen(q).status
    except e.HTTPError as error:
        return error.code
print(ask())`
  assert.equal((await kernel.run(`${read}${ask('/users')}`)).trim(), '403')
  assert.equal((await kernel.run(`${read}${ask('/users/carol')}`)).trim(), '404')
  assert.equal((await kernel.run('import os; print("jupyterhub-secret" in str(dict(os.environ)))')).trim(), 'False')
})

test('a notebook of a user who is in no project of its address is denied', async (t) => {
  const kernel = await kernelOf('carol')
  t.after(() => kernel.close())
  await assert.rejects(kernel.run(CELL), /PERMISSION_DENIED/)
})

test('a user who is disabled at the issuer gets no fresh token in a notebook', async (t) => {
  const kernel = await kernelOf('dave')
  t.after(() => kernel.close())
  assert.equal((await kernel.run(CELL)).trim().split('\n').at(-1), 'dave')
  world.issuer.directory.change('dave', { enabled: false })
  t.after(() => world.issuer.directory.change('dave', { enabled: true }))
  const until = `import time, mlflow
def denied():
    end = time.time() + ${SECONDS * 3}
    while time.time() < end:
        try:
            mlflow.search_experiments()
        except mlflow.exceptions.MlflowException as error:
            return error.error_code
        time.sleep(0.2)
print(denied())`
  assert.equal((await kernel.run(until)).trim().split('\n').at(-1), 'UNAUTHENTICATED')
  assert.doesNotMatch(readFileSync(join(world.dir, 'hub', 'hub.log'), 'utf8'), /eyJ|jupyterhub-secret/)
})
