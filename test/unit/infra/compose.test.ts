import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { networksOf, readComposeFile } from '../../compose/compose-file.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')
const compose = readComposeFile()
const services = Object.entries(compose.services)

/** `${NAME:-default}` as it is when nobody sets NAME. */
const byDefault = (value: string) => value.replace(/\$\{\w+:-([^}]*)\}/g, '$1')

test('every file, folder, volume, secret and network that docker-compose.yml names is there', () => {
  for (const [name, service] of services) {
    if (service.build) assert.ok(existsSync(join(ROOT, service.build, 'Dockerfile')), `${name}: no Dockerfile`)
    for (const volume of service.volumes ?? []) {
      const from = byDefault(volume).split(':')[0] ?? ''
      assert.ok(from.startsWith('./') ? existsSync(join(ROOT, from)) : from in compose.volumes, `${name}: ${from}`)
    }
    for (const secret of service.secrets ?? []) assert.ok(secret in compose.secrets, `${name}: ${secret}`)
    for (const network of networksOf(service)) assert.ok(network in compose.networks, `${name}: ${network}`)
    for (const other of Object.keys(service.depends_on ?? {})) assert.ok(other in compose.services, `${name}: ${other}`)
  }
})

test('applications and stores are on internal networks alone and publish nothing', () => {
  const outside = ['gateway-1', 'gateway-2', 'caddy', 'keycloak']
  for (const [name, service] of services.filter(([each]) => !outside.includes(each))) {
    assert.equal(service.ports, undefined, name)
    for (const network of networksOf(service)) assert.equal(compose.networks[network]?.internal, true, name)
  }
})

test('Caddy shares no network with an application, and the applications share none with each other', () => {
  const members = (name: string) => new Set(networksOf(compose.services[name] ?? {}))
  for (const [one, other] of [
    ['caddy', 'mlflow'],
    ['caddy', 'airflow-api'],
    ['caddy', 'redis'],
    ['caddy', 'postgres'],
    ['mlflow', 'airflow-scheduler'],
    ['mlflow', 'airflow-api'],
    ['keycloak', 'airflow-api'],
    ['gateway-1', 'postgres'],
    ['gateway-1', 'airflow-scheduler'],
  ] as const) {
    assert.deepEqual(
      [...members(one)].filter((network) => members(other).has(network)),
      [],
      `${one}, ${other}`,
    )
  }
})

test('every container is read-only, without capabilities and privileges, and says whether it is healthy', () => {
  for (const [name, service] of services) {
    assert.equal(service.read_only, true, name)
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    assert.ok(service.healthcheck || name === 'airflow-migrate', name)
  }
})

test('without the profile demo only Caddy publishes a port, and nothing of the demo is started', () => {
  const published = services.filter(([, service]) => service.ports)
  assert.deepEqual(
    published.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name),
    ['caddy'],
  )
  const demo = published.filter(([, { profiles }]) => profiles?.includes('demo'))
  for (const [name, { ports }] of demo) assert.match(String(ports), /^127\.0\.0\.1:/, name)
  for (const [name, { profiles, depends_on }] of services) {
    if (profiles) continue
    for (const other of Object.keys(depends_on ?? {})) assert.equal(compose.services[other]?.profiles, undefined, name)
  }
})

test('secrets come from files: no setting that names one holds a value', () => {
  for (const [name, { environment = {} }] of services) {
    for (const [key, value] of Object.entries(environment)) {
      // PROJECT_KEY says by which member a project is bound to its team: a setting, no secret.
      if (!/SECRET|PASSWORD|KEY|CONN/.test(key) || key.endsWith('__PROJECT_KEY')) continue
      assert.match(key, /_FILE$|_CMD$/, `${name}: ${key}=${value}`)
    }
  }
})

test('MLflow starts with the rule that keeps model versions from naming foreign storage', () => {
  const rule = /SOURCES = '([^']+)'/.exec(readFileSync(join(ROOT, 'infra/parts/mlflow.ts'), 'utf8'))?.[1] ?? 'none'
  assert.ok(text.includes(rule.replaceAll('$', '$$$$')))
})
