import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { stringify } from 'yaml'
import { GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { type EmbeddedIssuer, startIssuer } from '../../infra/issuer/issuer.ts'
import { CHART_FILE } from '../../infra/package/chart.ts'
import { CHECKSUMS } from '../../infra/package/checksums.ts'
import { TARBALL } from '../../infra/package/command-line.ts'
import { PROVENANCE } from '../../infra/package/provenance.ts'
import { CLIENT_PACKAGE, PYTHON_PACKAGES, sdistName, VERSION, wheelName } from '../../infra/package/python-packages.ts'
import { BILL } from '../../infra/package/sbom/bill.ts'
import { ensureAirflow } from '../../infra/parts/airflow.ts'
import { startBackground } from '../../infra/parts/background.ts'
import { ensureMlflow } from '../../infra/parts/mlflow.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { validateDescriptions } from './descriptions.ts'
import { freshVenv, installGateway, must } from './installed.ts'
import { makeTestPackages } from './made.ts'

/** The files of `npm run package`, made twice, and installed where nothing else is. */
const KINDS = ['python', 'npm', 'chart'] as const
const ARTEFACTS = [TARBALL, CHART_FILE, ...PYTHON_PACKAGES.flatMap((each) => [wheelName(each), sdistName(each)])]
interface Resource {
  readonly name: string
  readonly digest: Readonly<Record<string, string>>
}
interface Provenance {
  readonly subject: readonly Resource[]
  readonly predicate: { readonly buildDefinition: { readonly resolvedDependencies: readonly Resource[] } }
}

let folder: string
let packages: string
let issuer: EmbeddedIssuer

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'packages-'))
  packages = join(folder, 'packages')
  mkdirSync(packages)
  await makeTestPackages(packages, KINDS)
  issuer = await startIssuer({ host: 'localhost' })
})
after(async () => {
  await issuer?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('one command makes the packages, a bill of materials of each, their provenance, and the checksums of all', async () => {
  const files = [...ARTEFACTS, ...ARTEFACTS.map((name) => `${name}${BILL}`), PROVENANCE]
  assert.deepEqual(readdirSync(packages).sort(), [CHECKSUMS, ...files].sort())
  const checked = await must('sha256sum', ['--check', '--strict', CHECKSUMS], { cwd: packages })
  assert.equal(checked.match(/: OK$/gm)?.length, files.length)
})

test('every bill of materials is valid CycloneDX, and the provenance is a valid in-toto statement', async () => {
  const names = ARTEFACTS.map((name) => join(packages, `${name}${BILL}`))
  await validateDescriptions(names, join(packages, PROVENANCE))
})

test('the bill of the npm package names what its licences name, and nothing of the machine', () => {
  const licences = execFileSync('tar', ['-xzOf', join(packages, TARBALL), 'package/dist/THIRD-PARTY-LICENSES.txt'], {
    encoding: 'utf8',
  })
  const bundled = [...licences.matchAll(/^(\S+) (\d+\.\d+\.\d+): \S/gm)].map(
    ([, name, version]) => `${name}@${version}`,
  )
  const text = readFileSync(join(packages, `${TARBALL}${BILL}`), 'utf8')
  const { components } = JSON.parse(text) as { components: { 'bom-ref': string; hashes: unknown[] }[] }
  assert.deepEqual(components.map((each) => each['bom-ref']).sort(), [...bundled].sort())
  assert.ok(components.length > 50 && components.every(({ hashes }) => hashes.length > 0))
  for (const bill of ARTEFACTS.map((name) => readFileSync(join(packages, `${name}${BILL}`), 'utf8')))
    assert.ok(![folder, tmpdir(), process.cwd(), hostname()].some((name) => bill.includes(name)))
})

test('the program is ASCII, because V8 keeps other text in twice the memory', () => {
  const program = execFileSync('tar', ['-xzOf', join(packages, TARBALL), '--wildcards', 'package/dist/*.js'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  assert.match(program, /This package signs you in from Python\. MLflow\\u2019s client/)
  assert.doesNotMatch(program, /[^\x00-\x7f]/)
})

test('the provenance names every file by its digest, and every lock file of the build', () => {
  const { subject, predicate } = JSON.parse(readFileSync(join(packages, PROVENANCE), 'utf8')) as Provenance
  const sums = readFileSync(join(packages, CHECKSUMS), 'utf8').trim().split('\n')
  const others = sums.filter((line) => !line.endsWith(PROVENANCE))
  assert.deepEqual(
    subject.map(({ name, digest }) => `${digest.sha256}  ${name}`),
    others,
  )
  const { resolvedDependencies } = predicate.buildDefinition
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex')
  assert.deepEqual(
    resolvedDependencies.find(({ name }) => name === 'package-lock.json'),
    { name: 'package-lock.json', digest: { sha256: lock } },
  )
  assert.deepEqual(resolvedDependencies[0], { name: 'modelops-gateway', digest: { gitCommit: '0'.repeat(40) } })
})

test('the same sources and date make the same bytes', async () => {
  const again = join(folder, 'again')
  mkdirSync(again)
  await makeTestPackages(again, KINDS)
  assert.equal(readFileSync(join(again, CHECKSUMS), 'utf8'), readFileSync(join(packages, CHECKSUMS), 'utf8'))
})

test('the npm package has everything that runs, and neither Node nor sources', async () => {
  const list = execFileSync('tar', ['-tzf', join(packages, TARBALL)], { encoding: 'utf8', maxBuffer: 1 << 24 })
  const files = list.trim().split('\n')
  for (const needed of [
    'bin/modelops-gateway.cjs',
    'dist/modelops-gateway.js',
    'dist/modelops-gateway.js.map',
    'dist/job-env.js',
    'dist/types/core-api/jobs/job-env.d.ts',
    'dist/THIRD-PARTY-LICENSES.txt',
    `dist/clients/${wheelName(CLIENT_PACKAGE)}`,
    'config/gateway.yaml',
    'LICENSE',
  ])
    assert.ok(files.includes(`package/${needed}`), needed)
  const unwanted = /^package\/(?:node_modules|src|test)\//
  assert.deepEqual(
    files.filter((file) => unwanted.test(file)),
    [],
  )
})

test('the licences name every library of the bundle, with its text', () => {
  const licences = execFileSync('tar', ['-xzOf', join(packages, TARBALL), 'package/dist/THIRD-PARTY-LICENSES.txt'], {
    encoding: 'utf8',
  })
  for (const name of ['jose', 'openid-client', 'ioredis', 'express', 'zod'])
    assert.match(licences, new RegExp(`^${name} [0-9.]+: (?:MIT|Apache-2.0)\n\n.*licen`, 'ims'))
  assert.doesNotMatch(licences, /: undefined$/m)
  // Their texts are in their READMEs.
  assert.match(licences, /^pgpass [0-9.]+: MIT\n\n.*Copyright/ms)
})

test('in an empty folder without a registry it installs, prints its version, checks a configuration and serves', async () => {
  const home = join(folder, 'server')
  const command = await installGateway(join(packages, TARBALL), home)
  assert.deepEqual(
    readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['modelops-gateway'],
  )
  assert.equal(await must('npx', ['--offline', 'modelops-gateway', '--version'], { cwd: home }), VERSION)
  const help = await must('npx', ['--offline', 'modelops-gateway', '--help'], { cwd: home })
  const commands = [...help.matchAll(/^ {2}([a-z-]+) .*/gm)].map(([, name = '']) => name)
  assert.ok(commands.length > 12)
  for (const name of commands.filter((each) => each !== 'version'))
    await must('npx', ['--offline', 'modelops-gateway', name, '--help'], { cwd: home })
  const jobs = "import('modelops-gateway/job-env').then((module) => console.log(typeof module.jobEnvironment))"
  assert.equal(await must('node', ['--eval', jobs], { cwd: home }), 'function')
  const fails =
    "import('modelops-gateway/job-env').then(({ jobEnvironment }) => jobEnvironment()).catch(({ stack }) => console.log(stack))"
  const stack = await must('node', ['--enable-source-maps', '--eval', fails], { cwd: home })
  assert.match(stack, /src\/core-api\/jobs\/\S+\.ts:\d+:\d+/)
  const port = await freePort()
  const url = `http://localhost:${port}`
  const config = {
    server: { listen: `127.0.0.1:${port}`, publicUrl: url, drainSeconds: 1 },
    issuer: { url: issuer.url, clientId: GATEWAY_CLIENT.id, clientSecret: GATEWAY_CLIENT.secret },
    session: { secrets: ['a-secret-of-the-tests-with-32-bytes-or-more'] },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'claim' },
    routes: [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', upstream: 'http://127.0.0.1:9', access: 'project' }],
  }
  writeFileSync(join(home, 'gateway.yaml'), stringify(config))
  const checked = await must('npx', ['--offline', 'modelops-gateway', 'check', '--config', 'gateway.yaml'], {
    cwd: home,
  })
  assert.match(checked, /configuration is valid/)
  const gateway = await startBackground({
    name: 'modelops-gateway',
    command,
    args: ['serve', '--config', 'gateway.yaml'],
    cwd: home,
    logFile: join(home, 'gateway.log'),
    readyUrl: `${url}/readyz`,
    readySeconds: 30,
  })
  try {
    const wheel = await fetch(`${url}/auth/clients/${wheelName(CLIENT_PACKAGE)}`)
    assert.equal(wheel.status, 200)
    assert.ok(readFileSync(join(packages, wheelName(CLIENT_PACKAGE))).equals(Buffer.from(await wheel.arrayBuffer())))
  } finally {
    await gateway.close()
  }
  assert.ok(!readFileSync(join(home, 'gateway.log'), 'utf8').includes('ExperimentalWarning'))
})

test('the wheel of the client gives a new environment of MLflow its two plug-ins and a sign-in', async () => {
  const venv = await freshVenv(join(folder, 'venv-mlflow'), await ensureMlflow())
  await venv.pip(join(packages, wheelName(CLIENT_PACKAGE)))
  const plugins = `
from importlib.metadata import entry_points
from mlflow.tracking.request_auth.registry import fetch_auth
for group in ("mlflow.request_header_provider", "mlflow.request_auth_provider"):
    [entry] = [entry for entry in entry_points(group=group) if entry.name == "modelops"]
    print(entry.load().__name__)
try:
    fetch_auth("modelops")
except Exception as error:
    print(error)
`
  const printed = await must(venv.python, ['-c', plugins], {
    env: { MODELOPS_GATEWAY: '', MLFLOW_DISABLE_TELEMETRY: 'true' },
  })
  assert.match(printed, /ProjectHeaderProvider\nModelopsAuthProvider\nMODELOPS_GATEWAY: expected the gateway's URL/)
  assert.match(await must(venv.python, ['-m', 'modelops_gateway_mlflow', 'login', '--help']), /URL of the gateway/)
})

test('the wheel for Airflow gives a new environment of the pinned Airflow its auth manager and its policy', async () => {
  const [, airflow] = PYTHON_PACKAGES
  assert.ok(airflow)
  const venv = await freshVenv(join(folder, 'venv-airflow'), await ensureAirflow())
  await venv.pip(join(packages, wheelName(airflow)))
  const loaded = `
from importlib.metadata import entry_points
[entry] = [entry for entry in entry_points(group="airflow.policy") if entry.name == "modelops_gateway"]
print(entry.load().__name__)
from modelops_gateway_airflow.manager import GatewayAuthManager
print(GatewayAuthManager.__name__)
`
  const env = { AIRFLOW_HOME: join(folder, 'airflow'), AIRFLOW__MODELOPS_GATEWAY__ISSUER: 'https://o.example' }
  const printed = await must(venv.python, ['-c', loaded], { env })
  assert.match(printed, /modelops_gateway_airflow\.policy\n.*GatewayAuthManager$/s)
})
