import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { CLI_CLIENT } from '../../infra/issuer/clients.ts'
import { ALPHA } from '../../infra/issuer/users.ts'
import { Browser } from '../browser.ts'
import { type Kit, startKit } from '../kit.ts'
import { CommandLine } from './command-line.ts'

let kit: Kit
let home: string
let cli: CommandLine

before(async () => {
  kit = await startKit({
    config: { issuer: { cliClientId: CLI_CLIENT.id } },
    routes: [
      { name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' },
      { name: 'airflow', app: 'airflow', path: '/airflow', access: 'member' },
    ],
  })
})
after(() => kit.close())
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'home-'))
  cli = new CommandLine(home)
})
afterEach(() => {
  cli.kill()
  rmSync(home, { recursive: true })
})

const tokenFile = () => join(home, 'modelops-gateway', 'tokens.json')

/** Signs in with a device code: the terminal shows an address, a browser elsewhere confirms it. */
async function signInByDevice(username: string) {
  const { address, ended } = cli.start('login', '--gateway', kit.url)
  const browser = new Browser()
  const confirm = await browser.submit(await browser.open(await address))
  const login = await browser.submit(confirm)
  const done = await browser.submit(login, { username, password: `${username}-pw` })
  assert.match(done.text, /Go back to your terminal/)
  return await ended
}

/** Signs in with the browser of this machine, which is quicker than to poll for a device. */
async function signInByBrowser(username: string) {
  const { address, ended } = cli.start('login', '--gateway', kit.url, '--browser', '--no-open')
  const browser = new Browser()
  const done = await browser.submit(await browser.open(await address), { username, password: `${username}-pw` })
  assert.match(done.text, /You are signed in/)
  return await ended
}

/** The kept token is past its end, as far as the command line knows. */
function letTokenExpire(): void {
  const cache = JSON.parse(readFileSync(tokenFile(), 'utf8'))
  cache.gateways[kit.url].expires_at = 1
  writeFileSync(tokenFile(), JSON.stringify(cache))
}

async function whoAmI(token: string): Promise<{ username: string; projects: unknown[] }> {
  const response = await fetch(`${kit.url}/auth/session`, { headers: { authorization: `Bearer ${token.trim()}` } })
  assert.equal(response.status, 200)
  return JSON.parse(await response.text())
}

test('login by device code, then token: the gateway takes it and knows the person', async () => {
  const { code, stdout, stderr } = await signInByDevice('bob')
  assert.equal(code, 0, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, /check that the page shows the code [A-Z]{4}-[A-Z]{4}/)
  assert.match(stderr, /Signed in to \S+ as bob\.\n$/)
  const token = await cli.run('token')
  assert.match(token.stdout, /^[\w.~+/-]+\n$/)
  assert.equal(token.stderr, '')
  const { username, projects } = await whoAmI(token.stdout)
  assert.equal(username, 'bob')
  assert.deepEqual(projects, [{ id: ALPHA, name: 'alpha', role: 'editor' }])
})

test('login with the browser of this machine comes back to a port of loopback', async () => {
  const { address, ended } = cli.start('login', '--gateway', kit.url, '--browser', '--no-open')
  const browser = new Browser()
  const start = new URL(await address)
  assert.equal(start.searchParams.get('code_challenge_method'), 'S256')
  const redirect = new URL(start.searchParams.get('redirect_uri') ?? '')
  assert.equal(redirect.hostname, '127.0.0.1')
  const guess = await fetch(`${redirect.origin}/callback?code=stolen&state=guessed`)
  assert.equal(guess.status, 404, 'another state ends nothing')
  const done = await browser.submit(await browser.open(start), { username: 'carol', password: 'carol-pw' })
  assert.match(done.text, /You are signed in/)
  assert.match((await ended).stderr, /as carol\.\n$/)
  assert.equal((await whoAmI((await cli.run('token')).stdout)).username, 'carol')
})

test('eight callers at once with an expired token refresh once and all print the same fresh one', async () => {
  await signInByBrowser('bob')
  const previous = (await cli.run('token')).stdout
  letTokenExpire()
  const before = kit.issuer.refreshGrants
  const answers = await Promise.all(Array.from({ length: 8 }, () => cli.run('token')))
  assert.deepEqual(new Set(answers.map(({ code }) => code)), new Set([0]))
  assert.equal(kit.issuer.refreshGrants - before, 1)
  const [fresh, ...others] = new Set(answers.map(({ stdout }) => stdout))
  assert.deepEqual(others, [])
  assert.notEqual(fresh, previous)
  assert.equal((await whoAmI(fresh ?? '')).username, 'bob')
})

test('env names the project by its name and is evaluated by a shell', async () => {
  await signInByBrowser('bob')
  const { stdout, stderr } = await cli.run('env', 'mlflow', '--project', 'alpha')
  const script = `${stdout}\nprintf '%s\\n' "$MLFLOW_TRACKING_URI" "$MODELOPS_PROJECT" "$MLFLOW_TRACKING_TOKEN"`
  const [uri, project, token = ''] = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\n')
  assert.equal(uri, `${kit.url}/mlflow/${ALPHA}`)
  assert.equal(project, ALPHA)
  assert.equal((await whoAmI(token)).username, 'bob')
  assert.match(stderr, /--plugin/)
  const airflow = await cli.run('env', 'airflow', '--shell', 'fish')
  assert.match(airflow.stdout, new RegExp(`^set -gx AIRFLOW_API_URL '${kit.url}/airflow'\n`))
  const beta = await cli.run('env', 'mlflow', '--project', 'beta')
  assert.equal(beta.code, 1)
  assert.match(beta.stderr, /expected one of your projects \(alpha\), got "beta"/)
})

test('logout forgets the tokens here and ends the refresh token at the issuer', async () => {
  await signInByBrowser('bob')
  const kept = readFileSync(tokenFile(), 'utf8')
  assert.equal((await cli.run('logout')).code, 0)
  const gone = await cli.run('token')
  assert.equal(gone.code, 1)
  assert.equal(gone.stderr, 'You are not signed in. Run: modelops-gateway login --gateway URL\n')
  writeFileSync(tokenFile(), kept)
  letTokenExpire()
  const stolen = await cli.run('token', '--gateway', kit.url)
  assert.match(stolen.stderr, /has ended\. Run: modelops-gateway login/)
})

test('an issuer that is away: the token at hand is printed while it lives, then an error without a stack', async () => {
  await signInByBrowser('bob')
  kit.issuer.tokenEndpoint = 'server-error'
  try {
    assert.equal((await cli.run('token')).code, 0)
    letTokenExpire()
    const { code, stdout, stderr } = await cli.run('token')
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^issuer \S+: the token could not be refreshed\n$/)
  } finally {
    kit.issuer.tokenEndpoint = 'normal'
  }
})

test('a gateway that offers no client for the command line says what its administrator must set', async () => {
  const other = await startKit()
  try {
    const { code, stderr } = await cli.run('login', '--gateway', other.url)
    assert.equal(code, 1)
    assert.match(stderr, /issuer\.cliClientId/)
  } finally {
    await other.close()
  }
})

test('an address that is no gateway, or nothing at all, is named', async () => {
  const nothing = await cli.run('login', '--gateway', 'http://127.0.0.1:9')
  assert.match(nothing.stderr, /^http:\/\/127\.0\.0\.1:9 cannot be reached\n$/)
  const issuer = await cli.run('login', '--gateway', kit.issuer.url)
  assert.match(issuer.stderr, /expected the description of a gateway, got status 400/)
})
