import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'

interface Service {
  build?: string
  image?: string
  volumes?: string[]
  secrets?: string[]
  networks?: string[]
  ports?: string[]
  read_only?: boolean
}
interface Compose {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean }>
  volumes: Record<string, unknown>
  secrets: Record<string, { file: string }>
}

const ROOT = join(import.meta.dirname, '..', '..', '..')
const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')
const compose = parse(text, { merge: true }) as Compose
const services = Object.entries(compose.services)

test('every file, folder, volume, secret and network that docker-compose.yml names is there', () => {
  for (const [name, service] of services) {
    if (service.build) assert.ok(existsSync(join(ROOT, service.build, 'Dockerfile')), `${name}: no Dockerfile`)
    for (const volume of service.volumes ?? []) {
      const from = volume.split(':')[0] ?? ''
      assert.ok(from.startsWith('./') ? existsSync(join(ROOT, from)) : from in compose.volumes, `${name}: ${from}`)
    }
    for (const secret of service.secrets ?? []) assert.ok(secret in compose.secrets, `${name}: ${secret}`)
    for (const network of service.networks ?? []) assert.ok(network in compose.networks, `${name}: ${network}`)
  }
})

test('MLflow and Redis are on internal networks alone and publish nothing', () => {
  for (const name of ['mlflow', 'redis']) {
    const service = compose.services[name]
    assert.equal(service?.ports, undefined)
    assert.ok(
      service?.networks?.every((network) => compose.networks[network]?.internal === true),
      name,
    )
  }
})

test('the gateway runs read-only in two replicas, and only Caddy publishes a port', () => {
  assert.ok(compose.services['gateway-1']?.read_only && compose.services['gateway-2']?.read_only)
  assert.deepEqual(
    services.filter(([, service]) => service.ports).map(([name]) => name),
    ['caddy'],
  )
})

test('MLflow starts with the rule that keeps model versions from naming foreign storage', () => {
  const rule = /SOURCES = '([^']+)'/.exec(readFileSync(join(ROOT, 'infra/parts/mlflow.ts'), 'utf8'))?.[1] ?? 'none'
  assert.ok(text.includes(rule.replaceAll('$', '$$$$')))
})
