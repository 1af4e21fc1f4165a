import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CLI_CLIENT, GATEWAY_CLIENT } from '../../infra/issuer/clients.ts'
import { clockAhead } from '../../infra/parts/faketime.ts'
import { KEYCLOAK_STARTS } from '../../infra/parts/keycloak.ts'
import { freePort } from '../../infra/parts/ports.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import type { RunningServer } from '../../src/gateway/runtime/start.ts'
import { Browser } from '../browser.ts'
import { CommandLine, type Ended, PROGRAM } from '../cli/command-line.ts'
import { KIT_PROJECTS, KIT_SECRET, startGateway } from '../kit.ts'
import { type Recorder, startRecorder } from '../recorder.ts'
import { KeycloakAdmin } from './admin.ts'
import { type Realm, startRealm } from './realm.ts'

/** `doctor` as an installer runs it, with a real Keycloak and a running gateway: first all good, then one mistake at a time. */
let keycloak: Realm
let gateway: RunningServer
let upstream: Recorder
let folder: string
let cli: CommandLine
let url: string
let port: number

const FILE_SECRET = 'client.txt'

before(start, KEYCLOAK_STARTS)

async function start() {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  cli = new CommandLine(folder)
  port = await freePort()
  url = `http://127.0.0.1:${port}`
  upstream = await startRecorder()
  keycloak = await startRealm({ gatewayUrl: url })
  const config = { issuer: { cliClientId: CLI_CLIENT.id } }
  gateway = await startGateway({ port, issuerUrl: keycloak.url, upstream: upstream.url, routes: ROUTES, config })
  // Its first page takes long on a busy machine: pages are prepared when they are first shown.
  await new Browser().open(`${url}/notes/`)
  writeFileSync(join(folder, FILE_SECRET), GATEWAY_CLIENT.secret, { mode: 0o600 })
}
after(async () => {
  cli?.kill()
  await gateway?.close()
  await Promise.all([keycloak?.close(), upstream?.close()])
  rmSync(folder, { recursive: true, force: true })
})

const ROUTES = [
  { name: 'notes', app: 'generic', path: '/notes', access: 'project' },
  { name: 'ops', app: 'generic', path: '/ops', access: 'admin' },
]

type Section = Record<string, unknown>

/** The file of the running gateway, with sections changed. */
function configFile(over: Record<string, Section> = {}, routes: readonly Section[] = ROUTES): string {
  const config = {
    server: { listen: `127.0.0.1:${port}`, publicUrl: url, ...over.server },
    issuer: {
      ...{ url: keycloak.url, clientId: GATEWAY_CLIENT.id, clientSecret: `\${file:${FILE_SECRET}}` },
      ...{ audiences: ['gateway'], cliClientId: CLI_CLIENT.id, ...over.issuer },
    },
    session: { secrets: [KIT_SECRET] },
    cookie: { ...over.cookie },
    access: { adminGroup: 'modelops-admins' },
    projects: { source: 'static', list: KIT_PROJECTS },
    routes: routes.map((route) => ({ upstream: upstream.url, ...route })),
  }
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

/** No output of any run contains a secret. */
function assertNoSecret({ stdout, stderr }: Ended): void {
  for (const secret of [GATEWAY_CLIENT.secret, KIT_SECRET]) assert.ok(!`${stdout}${stderr}`.includes(secret))
}

async function findings(
  file: string,
  ...args: string[]
): Promise<{ code: number | null; of: Record<string, Finding[]> }> {
  const ended = await cli.run('doctor', '--config', file, '--json', ...args)
  assertNoSecret(ended)
  const { checks } = JSON.parse(ended.stdout) as { checks: { id: string; findings: Finding[] }[] }
  return { code: ended.code, of: Object.fromEntries(checks.map((each) => [each.id, each.findings])) }
}

/** The first finding of a check that is not good. */
const bad = (of: Record<string, Finding[]>, id: string) => of[id]?.find(({ status }) => status !== 'ok')

/** Runs `doctor --login` and confirms the device code as a person. */
async function withLogin(program: CommandLine, file: string, username: string, ...args: string[]): Promise<Ended> {
  const { address, ended } = program.start('doctor', '--config', file, '--login', ...args)
  const browser = new Browser()
  const consent = await browser.submit(await browser.open(await address), { username, password: `${username}-pw` })
  await browser.submit(consent, { accept: 'Yes' })
  const result = await ended
  assertNoSecret(result)
  return result
}

test('all good: every check with a sign-in, exit code 0', async () => {
  const { code, stdout, stderr } = await withLogin(cli, configFile(), 'bob')
  assert.equal(code, 0, stdout + stderr)
  assert.ok(!/✗|! warning/.test(stdout), stdout)
  assert.match(stdout, /✓ ok +the issuer accepts the client gateway and its secret/)
  assert.match(stdout, /✓ ok +the issuer accepts http:\/\/127\.0\.0\.1:\d+\/auth\/signed-out after a sign-out/)
  assert.match(stdout, /✓ ok +http:\/\/127\.0\.0\.1:\d+\/auth\/backchannel-logout is reachable/)
  assert.match(stdout, /✓ ok +the ID token has the claim `groups`/)
  assert.match(stdout, /✓ ok +bob is a member of: alpha \(editor\); groups: project-alpha/)
  assert.match(stdout, /✓ ok +route notes: allowed \(project-member\)/)
  assert.match(stdout, /- skipped +route ops: denied \(admin-only\)/)
  assert.match(stdout, /✓ ok +the gateway at http:\/\/127\.0\.0\.1:\d+ is ready/)
})

test('a wrong secret is named with its cause and its fix, and the other checks still run', async () => {
  const { code, of } = await findings(configFile({ issuer: { clientSecret: 'not-the-secret' } }))
  assert.equal(code, 1)
  const { text, cause, fix } = bad(of, 'client') ?? {}
  assert.match(
    text ?? '',
    /^issuer\.clientSecret: expected the secret of the client issuer\.clientId names, received unauthorized_client/,
  )
  assert.match(`${cause} ${fix}`, /renewed at the issuer.*Copy client ID and secret/)
  for (const id of ['redirect-uri', 'upstreams', 'ready']) assert.equal(bad(of, id), undefined, id)
})

test('a redirect URI that is not registered is named with the one to add, and so is the post-logout one', async () => {
  const publicUrl = 'http://localhost.localhost:1'
  const { code, of } = await findings(configFile({ server: { publicUrl } }), '--only', 'redirect-uri,logout')
  assert.equal(code, 1)
  assert.match(bad(of, 'redirect-uri')?.fix ?? '', new RegExp(`^Add ${publicUrl}/auth/callback to the redirect URIs`))
  assert.match(bad(of, 'logout')?.fix ?? '', new RegExp(`^Add ${publicUrl}/auth/signed-out to the post-logout`))
})

test('a wrong cookie domain fails, although the configuration cannot be used otherwise', async () => {
  const { code, of } = await findings(configFile({ cookie: { domain: 'other.example' } }))
  assert.equal(code, 1)
  assert.match(bad(of, 'configuration')?.text ?? '', /cookie\.domain/)
  assert.match(bad(of, 'cookies')?.text ?? '', /^cookie\.domain: expected a domain that the host of server\.publicUrl/)
  assert.equal(of.client?.[0]?.status, 'ok')
})

test('an upstream that is another application is named', async () => {
  const routes = [{ name: 'mlflow', app: 'mlflow', path: '/mlflow', access: 'project' }]
  const { code, of } = await findings(configFile({}, routes), '--only', 'upstreams')
  assert.equal(code, 1)
  assert.match(bad(of, 'upstreams')?.text ?? '', /^routes\.0\.upstream: expected MLflow, because app is mlflow/)
})

test('an issuer whose name does not exist: what depends on it is skipped and says so, the rest runs', async () => {
  const file = configFile({ issuer: { url: 'https://sso.invalid/realms/shared' } })
  const { code, of } = await findings(file)
  assert.equal(code, 1)
  assert.match(bad(of, 'dns')?.text ?? '', /^sso\.invalid: the name was not found/)
  for (const id of ['clock', 'discovery', 'client', 'redirect-uri', 'logout'])
    assert.deepEqual(
      of[id]?.map(({ status }) => status),
      ['skipped'],
      id,
    )
  assert.equal(of.upstreams?.[0]?.status, 'ok')
})

test('a clock that is two minutes ahead fails: Keycloak sends no Date, the token of a sign-in shows it', async () => {
  const variables = Object.entries(await clockAhead(120)).map(([name, value]) => `${name}=${value}`)
  const ahead = new CommandLine(folder, ['env', ...variables, ...PROGRAM])
  const { code, stdout } = await withLogin(ahead, configFile(), 'dave', '--only', 'clock,groups')
  assert.equal(code, 1, stdout)
  assert.match(stdout, /- skipped the clock of the issuer: it does not send its time/)
  assert.match(stdout, /✗ failed +the issuer’s clock is 1\d\d seconds behind this machine’s/)
  assert.match(stdout, /Fix: Synchronize both clocks/)
})

test('a token file that is not a token, and warnings alone, have exit codes of their own', async () => {
  const file = configFile()
  const token = join(folder, 'token')
  writeFileSync(token, 'not-a-token', { mode: 0o600 })
  assert.equal((await findings(file, '--token-file', token, '--only', 'groups')).code, 1)
  const elsewhere = configFile({ server: { listen: '127.0.0.1:1' } })
  const { code, of } = await findings(elsewhere, '--only', 'ready')
  assert.deepEqual([code, bad(of, 'ready')?.status], [2, 'warning'])
})

test('a groups mapper that is missing is named, from the token of a sign-in', async () => {
  const admin = new KeycloakAdmin(keycloak)
  await admin.signIn()
  await admin.removeMapper('cli', 'groups')
  const { code, stdout } = await withLogin(cli, configFile(), 'carol', '--only', 'groups')
  assert.equal(code, 1, stdout)
  assert.match(
    stdout,
    /✗ failed +the access token has no claim `groups`; claims present: .*aud.*\n +Likely cause: .*group membership mapper/,
  )
  assert.match(stdout, /Fix: Add the groups to ID tokens and access tokens of gateway/)
  assert.match(stdout, /! warning +carol is not a member of any project; groups: none/)
})
