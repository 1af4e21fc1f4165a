import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readComposeFile } from '../../compose/compose-file.ts'

const SCRIPT = join(import.meta.dirname, '..', '..', '..', 'infra', 'compose', 'secrets.sh')

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'compose-secrets-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

const makeSecrets = (SECRETS: string, ...args: string[]) =>
  spawnSync('sh', [SCRIPT, ...args], { env: { ...process.env, SECRETS }, encoding: 'utf8' })

const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8')
const filesOf = (folder: string) => Object.fromEntries(readdirSync(folder).map((name) => [name, read(folder, name)]))

test('secrets.sh makes every secret that docker-compose.yml names, closed to others, no two alike', (t) => {
  const folder = emptyFolder(t)
  assert.equal(makeSecrets(folder, 'https://o.example', 'sso.o.example').status, 0)
  const made = filesOf(folder)
  for (const name of Object.keys(readComposeFile().secrets)) assert.ok((made[name] ?? '').length >= 32, name)
  assert.equal(new Set(Object.values(made)).size, Object.keys(made).length)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(statSync(join(folder, 'authority_key')).mode & 0o777, 0o600)
})

test('secrets.sh keeps what is there and makes only what is missing', (t) => {
  const folder = emptyFolder(t)
  writeFileSync(join(folder, 'redis_password'), 'chosen by somebody else')
  makeSecrets(folder, 'https://o.example', 'sso.o.example')
  const before = filesOf(folder)
  assert.equal(before.redis_password, 'chosen by somebody else')
  rmSync(join(folder, 'airflow_jwt_secret'))
  assert.equal(makeSecrets(folder, 'https://other.example', 'sso.o.example').status, 0)
  const { airflow_jwt_secret: replaced, ...after } = filesOf(folder)
  const { airflow_jwt_secret: former, ...rest } = before
  assert.notEqual(replaced, former)
  assert.deepEqual(after, rest)
})

test('secrets.sh invents no client secret for an issuer that is not its own', (t) => {
  const folder = emptyFolder(t)
  const { status, stdout } = makeSecrets(folder, 'https://o.example')
  assert.equal(status, 0)
  assert.match(stdout, /missing: .*oidc_client_secret/)
  const made = readdirSync(folder)
  for (const name of ['oidc_client_secret', 'keycloak_admin_password', 'sso_key']) assert.ok(!made.includes(name), name)
})

test('secrets.sh does not write over a key whose certificate is missing', (t) => {
  const folder = emptyFolder(t)
  writeFileSync(join(folder, 'tls_key'), 'a key from elsewhere')
  assert.notEqual(makeSecrets(folder, 'https://o.example').status, 0)
  assert.equal(read(folder, 'tls_key'), 'a key from elsewhere')
})

test('the certificates name their hosts and nothing else, signed by the authority', (t) => {
  const folder = emptyFolder(t)
  makeSecrets(folder, 'https://o.example:8443/', 'sso.o.example')
  const authority = new X509Certificate(read(folder, 'authority_certificate'))
  for (const [name, host] of [
    ['tls_certificate', 'o.example'],
    ['sso_certificate', 'sso.o.example'],
  ] as const) {
    const certificate = new X509Certificate(read(folder, name))
    assert.equal(certificate.subjectAltName, `DNS:${host}`)
    assert.ok(certificate.verify(authority.publicKey))
    assert.equal(certificate.ca, false)
  }
})

test('secrets.sh says how it is used when it is told no address', () => {
  const { status, stderr } = makeSecrets('/nonexistent')
  assert.notEqual(status, 0)
  assert.match(stderr, /usage: secrets\.sh PUBLIC_URL/)
})
