import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { type EmbeddedIssuer, startIssuer } from '../../../../infra/issuer/issuer.ts'
import type { InitAnswers } from '../../../../src/cli/init/answers.ts'
import { answersFromOptions, askForMissing } from '../../../../src/cli/init/ask.ts'
import { keycloakRealm } from '../../../../src/cli/init/keycloak-realm.ts'
import { loadConfig } from '../../../../src/gateway/config/load.ts'
import { loadProjectsFile } from '../../../../src/gateway/projects/file.ts'
import { CommandLine } from '../../../cli/command-line.ts'

let issuer: EmbeddedIssuer
let out: string
let cli: CommandLine

/** A Keycloak without the realm. */
const empty = createServer((_request, response) => response.writeHead(404).end('{}'))
let emptyUrl: string

before(async () => {
  issuer = await startIssuer()
  await new Promise<void>((resolve) => empty.listen(0, '127.0.0.1', resolve))
  emptyUrl = `http://127.0.0.1:${(empty.address() as AddressInfo).port}/realms/modelops`
})
after(async () => {
  empty.close()
  await issuer.close()
})
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'init-'))
  cli = new CommandLine(out)
})
afterEach(() => {
  cli.kill()
  rmSync(out, { recursive: true })
})

const OPTIONS = ['--public-url', 'http://localhost:4999', '--mlflow', 'http://127.0.0.1:9', '--yes']
const init = (...more: string[]) => cli.run('init', ...OPTIONS, '--out', out, ...more)
const keycloak = (...more: string[]) => init('--issuer', emptyUrl, '--project', 'alpha=project-alpha', ...more)
const modeOf = (name: string) => statSync(join(out, name)).mode & 0o777
const read = (name: string) => readFileSync(join(out, name), 'utf8')

test('a realm that does not exist: all files are written, and the import is open', async () => {
  const { code, stdout, stderr } = await keycloak()
  assert.equal(code, 1, stderr)
  assert.match(stdout, /The realm does not exist\. Import it:\n {2}kcadm\.sh create realms -f \S+keycloak-realm\.json/)
  const config = loadConfig(join(out, 'gateway.yaml'), {})
  assert.deepEqual(
    [config.issuer.groups.normalize, config.issuer.cliClientId, config.issuer.audiences, config.server.listen],
    ['keycloak-path', 'modelops-cli', ['gateway'], '127.0.0.1:4999'],
  )
  const [alpha] = loadProjectsFile(join(out, 'projects.yaml'))
  assert.deepEqual([alpha?.name, alpha?.groups], ['alpha', ['project-alpha']])
})

test('files with secrets are for their owner only, and nothing printed contains a secret', async () => {
  const { stdout, stderr } = await keycloak()
  for (const name of ['secrets/client-secret', 'secrets/session-secret', 'keycloak-realm.json'])
    assert.equal(modeOf(name), 0o600, name)
  const secret = read('secrets/client-secret').trim()
  assert.match(secret, /^[0-9a-f]{64}$/)
  assert.ok(read('keycloak-realm.json').includes(secret))
  for (const text of [stdout, stderr, read('gateway.yaml')]) assert.ok(!text.includes(secret))
})

test('without a secret: a new key, whose public part is in the realm', async () => {
  const { stdout, stderr } = await keycloak('--client-authentication', 'private_key_jwt')
  assert.equal(modeOf('secrets/client-key.pem'), 0o600)
  assert.ok(!existsSync(join(out, 'secrets/client-secret')))
  const config = loadConfig(join(out, 'gateway.yaml'), {})
  assert.equal(config.issuer.clientKeys?.[0]?.path, join(out, 'secrets/client-key.pem'))
  const [client] = JSON.parse(read('keycloak-realm.json')).clients
  const { keys } = JSON.parse(client.attributes['jwks.string'])
  assert.deepEqual([client.clientAuthenticatorType, client.secret, keys.length], ['client-jwt', undefined, 1])
  for (const text of [stdout, stderr, read('keycloak-realm.json')]) assert.doesNotMatch(text, /PRIVATE KEY|"d"/)
  const key = read('secrets/client-key.pem')
  await keycloak('--client-authentication', 'private_key_jwt', '--force')
  assert.equal(read('secrets/client-key.pem'), key, 'an existing key is kept')
})

test('without a secret: the JWT of a workload', async () => {
  const file = ['--client-assertion-file', join(out, 'token')]
  const { stderr } = await keycloak('--client-authentication', 'private_key_jwt', ...file)
  assert.match(stderr, /--client-assertion-file FILE with --client-authentication jwt_file, and only then/)
  await keycloak('--client-authentication', 'jwt_file', ...file)
  assert.equal(loadConfig(join(out, 'gateway.yaml'), {}).issuer.clientAssertion?.path, join(out, 'token'))
})

test('existing files are not replaced; with --force secrets and UUIDs stay', async () => {
  await keycloak()
  const before = [read('secrets/client-secret'), read('secrets/session-secret')]
  const [alpha] = loadProjectsFile(join(out, 'projects.yaml'))
  writeFileSync(join(out, 'gateway.yaml'), 'mine: true\n')
  const refused = await keycloak()
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /gateway\.yaml/)
  assert.equal(read('gateway.yaml'), 'mine: true\n')
  await keycloak('--force', '--project', 'beta=project-beta')
  assert.deepEqual([read('secrets/client-secret'), read('secrets/session-secret')], before)
  const [kept, added] = loadProjectsFile(join(out, 'projects.yaml'))
  assert.equal(kept?.id, alpha?.id)
  assert.equal(added?.name, 'beta')
})

test('another issuer: its secret comes from the environment, and what is open is printed as check prints it', async () => {
  const { code, stdout } = await init('--issuer', issuer.url, '--project', 'alpha=project-alpha')
  assert.equal(code, 1)
  assert.match(stdout, /issuer\.clientSecret/)
  assert.ok(!existsSync(join(out, 'keycloak-realm.json')))
})

test('an issuer that is not reachable: nothing is written', async () => {
  const { code, stderr } = await init('--issuer', 'http://127.0.0.1:9/realms/x', '--project', 'alpha=a')
  assert.equal(code, 1)
  assert.match(stderr, /^--issuer: expected a response from \S+, got connection refused \(ECONNREFUSED\)\. Start/)
  assert.ok(!existsSync(join(out, 'gateway.yaml')))
})

test('an issuer under another name: the message has the right one', async () => {
  const other = issuer.url.replace('127.0.0.1', 'localhost')
  const { stderr } = await init('--issuer', other, '--project', 'alpha=a')
  assert.match(stderr, /expected exactly the issuer that its metadata names/)
  assert.ok(stderr.includes(`Use --issuer ${issuer.url}`))
})

const wrong: [string, string[], RegExp][] = [
  ['no options', [], /expected --issuer URL, --project NAME=GROUP\. Name them as options/],
  ['a project without a group', ['--issuer', 'https://i.example', '--project', 'alpha'], /expected NAME=GROUP/],
  [
    'two projects of one name',
    ['--issuer', 'https://i.example', '--project', 'a=x', '--project', 'a=y'],
    /got "a" twice/,
  ],
  ['a password in a URL', ['--issuer', 'https://me:hidden@i.example', '--project', 'a=x'], /a value that is not shown/],
  ['a realm that is not one', ['--issuer', 'nothing', '--project', 'a=x'], /expected the issuer's URL/],
]
for (const [name, options, message] of wrong) {
  test(`${name}: one sentence, and nothing is written`, async () => {
    const { code, stderr } = await init(...options)
    assert.equal(code, 1)
    assert.match(stderr, message)
    assert.ok(!stderr.includes('hidden'))
    assert.ok(!existsSync(join(out, 'gateway.yaml')))
  })
}

test('questions are asked only for what the options do not say', async () => {
  const asked: string[] = []
  const given = ['https://o.example', '', 'http://127.0.0.1:8080', 'alpha=project-alpha', '']
  const options = await askForMissing(
    { issuer: 'https://sso.example/realms/x', clientId: 'gateway', adminGroup: 'admins' },
    async (question) => {
      asked.push(question)
      return given.shift() ?? ''
    },
  )
  const answers = answersFromOptions(options)
  assert.equal(asked.length, 5)
  assert.deepEqual(
    [answers.issuerKind, answers.mlflow, answers.airflow, answers.projects.length],
    ['keycloak', undefined, 'http://127.0.0.1:8080', 1],
  )
})

test('the question for a project is repeated until there is one', async () => {
  const given = ['', '', 'alpha=project-alpha', '']
  const { project } = await askForMissing(
    {
      issuer: 'https://sso.example',
      publicUrl: 'https://o.example',
      mlflow: 'http://m',
      clientId: 'g',
      adminGroup: 'a',
    },
    async () => given.shift() ?? '',
  )
  assert.deepEqual(project, ['alpha=project-alpha'])
})

test('config/keycloak-realm.json is what init writes', () => {
  const answers: InitAnswers = {
    issuer: 'https://sso.example/realms/modelops',
    issuerKind: 'keycloak',
    clientId: 'gateway',
    publicUrl: 'https://o.example',
    projects: [
      { name: 'alpha', group: 'project-alpha' },
      { name: 'beta', group: 'project-beta' },
    ],
    adminGroup: 'modelops-admins',
  }
  const file: unknown = JSON.parse(readFileSync('config/keycloak-realm.json', 'utf8'))
  assert.deepEqual(keycloakRealm(answers, { fields: { secret: 'change-this-secret' }, attributes: {} }), file)
})
