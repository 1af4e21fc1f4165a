import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Browser as Chromium, chromium, type Page } from 'playwright-core'
import { type Background, startBackground } from '../../infra/parts/background.ts'
import { ensureChromium } from '../../infra/parts/chromium.ts'
import { partsDirectory } from '../../infra/parts/directories.ts'
import { type Keycloak, startKeycloak } from '../../infra/parts/keycloak.ts'
import { type Mlflow, startMlflow } from '../../infra/parts/mlflow.ts'
import { ensureMlflowClient } from '../../infra/parts/mlflow-client.ts'
import { freePort } from '../../infra/parts/ports.ts'
import { run } from '../../infra/parts/run.ts'
import { Browser } from '../browser.ts'
import { CommandLine } from '../cli/command-line.ts'
import { guideCommands, local, runKcadm } from '../keycloak/guide.ts'

/** What a platform engineer and a data scientist do in their first hour, in this order, with real parts alone. */
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')
const REALM = 'team'
const startedAt = performance.now()

let folder: string
let keycloak: Keycloak
let mlflow: Mlflow
let gateway: Background | undefined
let browser: Chromium
let cli: CommandLine
let url: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'first-hour-'))
  cli = new CommandLine(folder)
  url = `http://localhost:${await freePort()}`
  ;[keycloak, mlflow] = await Promise.all([
    startKeycloak({ gatewayUrl: url, realms: [] }),
    startMlflow({ dir: join(folder, 'mlflow') }),
  ])
  browser = await chromium.launch({ executablePath: await ensureChromium(), args: ['--no-sandbox'] })
})
after(async () => {
  cli?.kill()
  await browser?.close()
  await gateway?.close()
  await Promise.all([keycloak?.close(), mlflow?.close()])
  rmSync(folder, { recursive: true, force: true })
})

const config = () => join(folder, 'gateway', 'gateway.yaml')

test('init writes the configuration and names the one step that is open', async () => {
  const { code, stdout, stderr } = await cli.run(
    ...['init', '--yes', '--issuer', `${keycloak.origin}/realms/${REALM}`, '--public-url', url],
    ...['--mlflow', mlflow.url, '--project', 'alpha=project-alpha', '--out', join(folder, 'gateway')],
  )
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
  const again = await cli.run(
    ...['init', '--yes', '--force', '--issuer', `${keycloak.origin}/realms/${REALM}`, '--public-url', url],
    ...['--mlflow', mlflow.url, '--project', 'alpha=project-alpha', '--out', join(folder, 'gateway')],
  )
  assert.equal(again.code, 0, again.stdout)
  assert.match(again.stdout, /everything it names is reachable/)
})

test('serve starts', async () => {
  gateway = await startBackground({
    name: 'modelops-gateway',
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', MAIN, 'serve', '--config', config()],
    logFile: join(folder, 'gateway.log'),
    readyUrl: `${url}/readyz`,
    readySeconds: 30,
  })
})

test('bob signs in with Chromium, MLflow opens, and the page names his project', async () => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await page.goto(`${url}/mlflow/`)
  await page.fill('input[name=username]', 'bob')
  await page.fill('input[name=password]', 'bob-pw')
  await page.press('input[name=password]', 'Enter')
  await page.waitForURL(`${url}/mlflow/**`)
  await page.getByText('Experiments').first().waitFor()
  await untilAccessible(page, /Project alpha, editor/)
  const pictures = partsDirectory('screenshots', 'first-hour')
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, 'mlflow.png') })
  await page.close()
})

/** What a screen reader gets: the bar's shadow root is closed to the application, and so to selectors. */
async function untilAccessible(page: Page, shown: RegExp): Promise<void> {
  const client = await page.context().newCDPSession(page)
  let text = ''
  for (let i = 0; i < 100 && !shown.test(text); i += 1) {
    const { nodes } = await client.send('Accessibility.getFullAXTree')
    text = nodes.map(({ name }) => name?.value ?? '').join('\n')
    await page.waitForTimeout(100)
  }
  await client.detach()
  assert.match(text, shown)
}

test('bob signs in at a terminal, and MLflow’s quickstart writes a run with his token', async () => {
  const { address, ended } = cli.start('login', '--gateway', url)
  const person = new Browser()
  const consent = await person.submit(await person.open(await address), { username: 'bob', password: 'bob-pw' })
  await person.submit(consent, { accept: 'Yes' })
  const { code, stderr } = await ended
  assert.equal(code, 0, stderr)
  assert.match((await cli.run('projects')).stdout, /^alpha {2}editor /)
  const { stdout } = await cli.run('env', 'mlflow', '--project', 'alpha')
  const { python, pythonPath } = await ensureMlflowClient()
  const quickstart = join(folder, 'quickstart.py')
  writeFileSync(
    quickstart,
    'import mlflow\nmlflow.set_experiment("first-hour")\nmlflow.log_metric("accuracy", 0.9)\nmlflow.end_run()\n',
  )
  const { ok, tail } = await run('sh', ['-c', `${stdout}\n"$0" "$1"`, python, quickstart], {
    env: { PYTHONPATH: pythonPath },
  })
  assert.ok(ok, tail)
})

test('the run is in the workspace of his project', async (t) => {
  const token = (await cli.run('token')).stdout.trim()
  const response = await fetch(`${url}/mlflow/api/2.0/mlflow/experiments/get-by-name?experiment_name=first-hour`, {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(response.status, 200, await response.text())
  t.diagnostic(`first hour: ${Math.round((performance.now() - startedAt) / 1000)} s from nothing to the first run`)
})
