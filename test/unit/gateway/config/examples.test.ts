import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { parseCoreConfig } from '../../../../src/core-api/config.ts'
import { parseConfig } from '../../../../src/gateway/config/load.ts'
import { projectList } from '../../../../src/gateway/config/schema.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', '..', 'config')
const ENV = {
  OIDC_CLIENT_SECRET: 'a client secret',
  SESSION_SECRET: 'a session secret of 32 bytes or more',
  PUBLIC_URL: 'https://o.example',
  ISSUER_URL: 'https://sso.example/realms/shared',
  DEMO_PORT: '4180',
  DEMO_ISSUER_URL: 'http://localhost:4182',
  DEMO_CLIENT_SECRET: 'a client secret',
  DEMO_SESSION_SECRET: 'a session secret of 32 bytes or more',
  DEMO_DIRECTORY: '/tmp',
  DEMO_MLFLOW_URL: 'http://127.0.0.1:4183',
  DEMO_UI_PORT: '4184',
  DEMO_CORE_PORT: '4185',
  DEMO_CORE_URL: 'http://127.0.0.1:4185',
  DEMO_GATEWAY_URL: 'http://localhost:4180',
  AOA_CONN_ENCRYPTION_TOKEN: 'an-encryption-token',
  FRONT_SUBNET: '172.30.180.0/24',
}
const NO_GATEWAY = ['projects.yaml', 'demo-core.yaml']

/** Stands for the folder where compose mounts secrets. */
const SECRETS = mkdtempSync(join(tmpdir(), 'compose-secrets-'))
for (const name of ['oidc_client_secret', 'session_secret', 'redis_password'])
  writeFileSync(join(SECRETS, name), 'a8f1c2d4e6b7091324354657687980fa')

for (const name of readdirSync(FOLDER).filter((each) => each.endsWith('.yaml') && !NO_GATEWAY.includes(each))) {
  test(`config/${name} is a valid configuration`, () => {
    const file = join(FOLDER, name)
    const config = parseConfig(readFileSync(file, 'utf8').replaceAll('/run/secrets', SECRETS), file, ENV)
    assert.ok(config.routes.length > 0)
  })
}

test('config/demo-core.yaml is a valid configuration of the core API, for the gateway of config/demo.yaml', () => {
  const read = (name: string) => [readFileSync(join(FOLDER, name), 'utf8'), join(FOLDER, name), ENV] as const
  const gateway = parseConfig(...read('demo.yaml'))
  const core = parseCoreConfig(...read('demo-core.yaml'))
  assert.equal(core.gateway?.publicUrl, gateway.server.publicUrl)
  assert.equal(core.access.adminGroup, gateway.access.adminGroup)
})

test('config/projects.yaml is a valid list of projects', () => {
  const projects = projectList.parse(parse(readFileSync(join(FOLDER, 'projects.yaml'), 'utf8')))
  assert.deepEqual(
    projects.map(({ name }) => name),
    ['alpha', 'beta'],
  )
})

test('the README shows config/gateway.yaml as it is', () => {
  const [, ...lines] = readFileSync(join(FOLDER, 'gateway.yaml'), 'utf8').split('\n')
  assert.ok(readFileSync(join(FOLDER, '..', 'README.md'), 'utf8').includes(lines.join('\n').trim()))
})

test('every file that README.md links to exists', () => {
  const readme = readFileSync(join(FOLDER, '..', 'README.md'), 'utf8')
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => target ?? '')
  assert.ok(links.length > 5)
  for (const link of links) assert.ok(existsSync(join(FOLDER, '..', link)), link)
})
