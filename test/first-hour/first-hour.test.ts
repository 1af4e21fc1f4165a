import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { CLIENT_PACKAGE, VERSION, wheelName } from '../../infra/package/python-packages.ts'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { type Keycloak, startKeycloak } from '../../infra/parts/keycloak.ts'
import { ensureMlflow, type Mlflow, startMlflow } from '../../infra/parts/mlflow.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { CommandLine } from '../cli/command-line.ts'
import { KeycloakAdmin } from '../keycloak/admin.ts'
import { guideCommands, local, runKcadm } from '../keycloak/guide.ts'
import { freshVenv, installGateway, must, type Venv } from '../packages/installed.ts'
import { makeTestPackages } from '../packages/made.ts'
import { PageOfBob } from './page-of-bob.ts'

/**
 * What a platform engineer and a data scientist do in their first hour, in this order, with real parts alone: the packages of
 * `npm run package`, the guide to Keycloak, MLflow, Chromium.
 */
const REALM = 'team'
const startedAt = performance.now()

let folder: string
let keycloak: Keycloak
let mlflow: Mlflow
let installing: Promise<string>
let command: string
let gateway: Background | undefined
let chromiumBrowser: Browser
let cli: CommandLine
let venv: Venv
let bob: PageOfBob
let url: string
/** What the page of his project shows bob, by label. */
const shown: Record<string, string> = {}

before(
  async () => {
    folder = mkdtempSync(join(tmpdir(), 'first-hour-'))
    url = `http://localhost:${await freePort()}`
    installing = makeAndInstall()
    installing.catch(() => {}) // the first test reports it
    // Each is known as soon as it runs, so that it is stopped also when another one does not start.
    await Promise.all([
      startKeycloak({ gatewayUrl: url, realms: [] }).then((each) => {
        keycloak = each
      }),
      startMlflow({ dir: join(folder, 'mlflow') }).then((each) => {
        mlflow = each
      }),
      ensureChromium().then(async (executablePath) => {
        chromiumBrowser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
      }),
    ])
  },
  { timeout: 240_000 },
)
after(async () => {
  cli?.kill()
  await chromiumBrowser?.close()
  await gateway?.close()
  await Promise.all([keycloak?.close(), mlflow?.close()])
  rmSync(folder, { recursive: true, force: true })
})

async function makeAndInstall(): Promise<string> {
  const packages = join(folder, 'packages')
  mkdirSync(packages)
  await makeTestPackages(packages, ['npm'])
  return await installGateway(join(packages, `modelops-gateway-${VERSION}.tgz`), join(folder, 'server'))
}

const config = () => join(folder, 'gateway', 'gateway.yaml')
const init = (...more: string[]) =>
  cli.run(
    ...['init', '--yes', '--issuer', `${keycloak.origin}/realms/${REALM}`, '--public-url', url],
    ...['--mlflow', mlflow.url, '--project', 'alpha=project-alpha', '--out', join(folder, 'gateway'), ...more],
  )

test('the packages are made and the gateway is installed, while Keycloak and MLflow start', async () => {
  command = await installing
  cli = new CommandLine(join(folder, 'home'), [command])
})

test('init writes the configuration and names the one step that is open', async () => {
  const { code, stdout, stderr } = await init()
  assert.equal(code, 1, stderr)
  assert.match(stdout, /The realm does not exist\. Import it:/)
  assert.ok(!stdout.includes('expected:'), stdout)
})

test('the realm file is imported and bob gets an account, as the guide says', async () => {
  const login = local(guideCommands(2, 3), keycloak, url).split('\n')[0] ?? ''
  const realm = join(folder, 'gateway', 'keycloak-realm.json')
  const user = guideCommands(5, 6).replaceAll('-r modelops', `-r ${REALM}`)
  await runKcadm(keycloak, folder, `${login}\nkcadm.sh create realms -f ${realm}\n${user}`)
})

test('check --online has nothing to report, and init neither', async () => {
  const { code, stdout, stderr } = await cli.run('check', '--config', config(), '--online')
  assert.equal(code, 0, stderr)
  assert.match(stdout, /configuration is valid/)
  const again = await init('--force')
  assert.equal(again.code, 0, again.stdout)
  assert.match(again.stdout, /everything it names is reachable/)
})

test('serve starts', async () => {
  gateway = await startBackground({
    name: 'modelops-gateway',
    command,
    args: ['serve', '--config', config()],
    logFile: join(folder, 'gateway.log'),
    readyUrl: `${url}/readyz`,
    readySeconds: 30,
  })
})

test('bob signs in with Chromium, MLflow opens, and the page names his project', async () => {
  bob = await PageOfBob.open(chromiumBrowser)
  await bob.page.goto(`${url}/mlflow/`)
  await bob.signIn()
  await bob.page.waitForURL(`${url}/mlflow/**`)
  await bob.page.getByText('Experiments').first().waitFor()
  await bob.untilAccessible(/Project alpha, editor/)
  await bob.pictures('mlflow')
  await bob.page.goto(`${url}/`)
  await bob.pictures('start')
  await bob.page.goto(`${url}/auth/clients/`)
  await bob.pictures('clients')
})

test('the start page leads to the commands for his project, and the first ones install the package', async () => {
  await bob.page.goto(`${url}/`)
  await bob.page
    .getByRole('link', { name: /^Connect to alpha/ })
    .first()
    .click()
  await bob.pictures('connect')
  for (const label of ['Install the packages', 'Sign in', 'Variables for MLflow']) shown[label] = await bob.shown(label)
  venv = await freshVenv(join(folder, 'venv'), await ensureMlflow())
  const [mlflowItself, ours = ''] = `${shown['Install the packages']}`.split('\n')
  assert.equal(mlflowItself, 'pip install mlflow') // it is there already
  assert.equal(ours, `pip install ${url}/auth/clients/${wheelName(CLIENT_PACKAGE)}`)
  await inVenv(ours)
})

/** Runs what a page showed, in bob's shell. */
const inVenv = (script: string) => must('sh', ['-ec', script], { env: shell() })
const shell = () => ({
  PATH: `${dirname(venv.python)}${delimiter}${process.env.PATH}`,
  ...{ HOME: join(folder, 'home'), XDG_CONFIG_HOME: join(folder, 'home'), MLFLOW_DISABLE_TELEMETRY: 'true' },
  // What the package needs comes with MLflow, nothing from a package index.
  ...{ PIP_NO_INDEX: '1', PIP_NO_CACHE_DIR: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
})

test('bob signs in from Python, and his browser confirms it', async () => {
  const command = `${shown['Sign in']}`.split(' ')
  assert.deepEqual(command, ['python', '-m', 'modelops_gateway_mlflow', 'login', url])
  const { address, ended } = new CommandLine(join(folder, 'home'), [venv.python]).start(...command.slice(1))
  await bob.page.goto(await address)
  await bob.pictures('device')
  await bob.page.getByRole('button', { name: 'Yes' }).click()
  const { code, stderr } = await ended
  assert.equal(code, 0, stderr)
  assert.match(stderr, / as bob\.\n$/)
  assert.match((await cli.run('projects')).stdout, /^alpha {2}editor /)
})

test('MLflow’s quickstart, unmodified, writes a run into his project, and the page shows it', async () => {
  const printed = await inVenv(`${shown['Variables for MLflow']}\npython ${join(import.meta.dirname, 'quickstart.py')}`)
  const [, run = ''] = /View run .+ at: (\S+)/.exec(printed) ?? []
  assert.ok(run.startsWith(`${url}/mlflow/`), printed)
  await bob.page.goto(run)
  await bob.page.getByText('accuracy').first().waitFor()
  await bob.pictures('run')
})

test('an administrator ends his session at Keycloak, and the page says so', async () => {
  const admin = new KeycloakAdmin({ ...keycloak, adminUrl: `${keycloak.origin}/admin/realms/${REALM}` })
  await admin.signIn()
  await admin.logOut('bob')
  await bob.untilAccessible(/dialog: Your session has ended/, () => bob.askApplication())
  await bob.pictures('ended')
})

test('bob signs in again and is where he was', async (t) => {
  const place = bob.page.url()
  await bob.page.keyboard.press('Enter')
  await bob.signIn()
  await bob.page.getByText('accuracy').first().waitFor()
  assert.equal(bob.page.url(), place)
  t.diagnostic(`first hour: ${Math.round((performance.now() - startedAt) / 1000)} s from nothing`)
})
