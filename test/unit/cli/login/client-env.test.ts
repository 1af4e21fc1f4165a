import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { airflowEnv, mlflowEnv, projectId, routeUrl } from '../../../../src/cli/login/client-env.ts'
import { gatewayOrigin } from '../../../../src/cli/login/gateway.ts'
import { parseShell, shellExports } from '../../../../src/cli/login/shell-exports.ts'

const alpha = '11111111-1111-4111-8111-111111111111'
const route = (name: string, app: string) => ({ name, app, url: `https://o.example/${name}` })
const config = (...routes: ReturnType<typeof route>[]) => ({
  issuer: 'https://sso.example',
  scopes: [],
  audience: 'gateway',
  routes,
})

const hostile = `a'b"c $(touch /tmp/x) \`id\` \\ \n;d`

test('a POSIX shell that evaluates the exports reads back every value and runs none of it', () => {
  const script = `${shellExports({ HOSTILE: hostile }, 'posix')}\nprintf %s "$HOSTILE"`
  assert.equal(execFileSync('sh', ['-c', script], { encoding: 'utf8' }), hostile)
})

test('PowerShell and fish get their own quoting', () => {
  assert.equal(shellExports({ A: 'x’y' }, 'powershell'), "$env:A = 'x’’y'")
  assert.equal(shellExports({ A: "x'\\y" }, 'fish'), "set -gx A 'x\\'\\\\y'")
  assert.throws(() => parseShell('cmd'), /posix, powershell, fish/)
})

test('MLflow’s client gets the project in its address and the token, or the plugin instead of the token', () => {
  const plain = mlflowEnv('https://o.example', 'https://o.example/mlflow', alpha, 'tok', false).variables
  assert.equal(plain.MLFLOW_TRACKING_URI, `https://o.example/mlflow/${alpha}`)
  assert.equal(plain.MLFLOW_TRACKING_TOKEN, 'tok')
  const plugin = mlflowEnv('https://o.example', 'https://o.example/mlflow', alpha, 'tok', true).variables
  assert.equal(plugin.MLFLOW_TRACKING_AUTH, 'modelops')
  assert.ok(!JSON.stringify(plugin).includes('tok'))
})

test('Airflow’s clients get address and token, and airflowctl’s own step is said', () => {
  const { variables, hints } = airflowEnv('https://o.example', 'https://o.example/airflow', undefined, 'tok')
  assert.deepEqual(variables, {
    AIRFLOW_API_URL: 'https://o.example/airflow',
    AIRFLOW_CLI_TOKEN: 'tok',
    MODELOPS_GATEWAY: 'https://o.example',
  })
  assert.match(hints.join(), /airflowctl auth login --api-url/)
})

test('the route is found by application, and must be named where there are several', () => {
  assert.equal(routeUrl(config(route('mlflow', 'mlflow')), 'mlflow', undefined), 'https://o.example/mlflow')
  const two = config(route('old', 'mlflow'), route('new', 'mlflow'))
  assert.equal(routeUrl(two, 'mlflow', 'new'), 'https://o.example/new')
  assert.throws(() => routeUrl(two, 'mlflow', undefined), /expected one of old, new/)
  assert.throws(() => routeUrl(config(route('mlflow', 'mlflow')), 'airflow', undefined), /no route to airflow/)
})

async function gatewayAnswering(t: TestContext, status: number, body: unknown): Promise<string> {
  const server = createServer((request, response) => {
    const admitted = request.headers.authorization === 'Bearer tok'
    response.writeHead(admitted ? status : 401).end(JSON.stringify(body))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a project is named by its name or by its UUID', async (t) => {
  const gateway = await gatewayAnswering(t, 200, { projects: [{ id: alpha, name: 'alpha' }] })
  assert.equal(await projectId(gateway, 'tok', 'alpha'), alpha)
  assert.equal(await projectId('http://127.0.0.1:1', 'tok', alpha.toUpperCase()), alpha)
})

test('a project that is not the person’s, or whose name two have, is refused with what may be said', async (t) => {
  const beta = { id: '22222222-2222-4222-8222-222222222222', name: 'beta' }
  const gateway = await gatewayAnswering(t, 200, { projects: [beta, { ...beta, id: alpha }] })
  await assert.rejects(projectId(gateway, 'tok', 'alpha'), /expected one of your projects \(beta, beta\), got "alpha"/)
  await assert.rejects(projectId(gateway, 'tok', 'beta'), /name the UUID/)
  await assert.rejects(projectId(gateway, 'other', 'beta'), /status 401/)
})

test('a gateway is given by an https address; plain http only on this machine', () => {
  assert.equal(gatewayOrigin('https://o.example/mlflow?x=1'), 'https://o.example')
  assert.equal(gatewayOrigin('http://127.0.0.1:4180'), 'http://127.0.0.1:4180')
  for (const refused of [
    'http://o.example',
    'o.example',
    'ftp://o.example',
    'https://bob:pw@o.example',
    'http://localhost.o.example',
  ]) {
    assert.throws(() => gatewayOrigin(refused), /--gateway: expected/, refused)
  }
})
