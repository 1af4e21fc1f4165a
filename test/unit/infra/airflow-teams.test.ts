import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { ALPHA, BETA } from '../../../infra/issuer/users.ts'
import { type Service as BaseService, networksOf, readComposeFile } from '../../compose/compose-file.ts'

/** infra/compose/airflow-teams.yml: what a worker of one project is given. */

const ROOT = join(import.meta.dirname, '..', '..', '..')

interface Service extends Omit<BaseService, 'build' | 'secrets' | 'volumes'> {
  readonly command?: readonly string[]
  readonly secrets?: readonly (string | { readonly source: string })[]
  readonly volumes?: readonly unknown[]
}
interface Teams {
  readonly services: Record<string, Service>
  readonly networks: Record<string, { readonly internal?: boolean }>
  readonly secrets: Record<string, unknown>
}

const base = readComposeFile()
const teams = parse(readFileSync(join(ROOT, 'infra/compose/airflow-teams.yml'), 'utf8'), { merge: true }) as Teams
const TEAMS = [
  ['alpha', ALPHA, 'beta', BETA],
  ['beta', BETA, 'alpha', ALPHA],
] as const
const service = (name: string): Service => {
  const found = teams.services[name]
  assert.ok(found, name)
  return found
}
const secretsOf = ({ secrets = [] }: Service) => secrets.map((each) => (typeof each === 'string' ? each : each.source))

for (const [name, id, other, otherId] of TEAMS) {
  test(`the worker of ${name} has the secrets, DAGs, team and network of its own project only`, () => {
    const worker = service(`airflow-worker-${name}`)
    assert.deepEqual(secretsOf(worker), [`airflow_broker_${name}_password`, 'airflow_api_secret'])
    assert.deepEqual(networksOf(worker as BaseService), [`team-${name}`])
    const volumes = JSON.stringify(worker.volumes)
    assert.ok(volumes.includes(`/srv/teams/${name}:ro`) && !volumes.includes(other), volumes)
    const environment = JSON.stringify(worker.environment)
    assert.ok(environment.includes(id))
    assert.doesNotMatch(environment, /SQL_ALCHEMY|FERNET|JWT_SECRET/)
    assert.ok(!environment.includes(other) && !environment.includes(otherId), environment)
  })

  test(`nothing but what serves ${name} is on its network`, () => {
    const members = Object.entries(teams.services).filter(([, each]) =>
      networksOf(each as BaseService).includes(`team-${name}`),
    )
    const control = ['airflow-api', 'airflow-scheduler']
    const own = ['broker', 'execution', 'triggerer', 'worker'].map((part) => `airflow-${part}-${name}`)
    assert.deepEqual(members.map(([each]) => each).sort(), [...control, ...own].sort())
    assert.equal(teams.networks[`team-${name}`]?.internal, true)
  })

  test(`DAG files of ${name} are parsed where no other project's files are`, () => {
    const processor = service(name === 'alpha' ? 'airflow-dag-processor' : 'airflow-dag-processor-beta')
    assert.deepEqual(processor.command, ['dag-processor', '--bundle-name', name])
    assert.ok(!JSON.stringify(processor.volumes).includes(other))
  })
}

test('every secret, network and service that the file names is there', () => {
  for (const [name, each] of Object.entries(teams.services)) {
    for (const secret of secretsOf(each))
      assert.ok(secret in { ...base.secrets, ...teams.secrets }, `${name}: ${secret}`)
    for (const network of networksOf(each as BaseService))
      assert.ok(network in { ...base.networks, ...teams.networks }, network)
    for (const needed of Object.keys(each.depends_on ?? {}))
      assert.ok(needed in { ...base.services, ...teams.services }, `${name}: ${needed}`)
  }
})

test('every new container is read-only, without capabilities and with no way to gain any', () => {
  for (const [name, each] of Object.entries(teams.services)) {
    assert.equal(each.read_only, true, name)
    assert.deepEqual(each.cap_drop, ['ALL'], name)
    assert.deepEqual(each.security_opt, ['no-new-privileges:true'], name)
    assert.equal(each.ports, undefined, name)
  }
})

test('secrets.sh makes the passwords of the brokers', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'compose-secrets-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const script = join(ROOT, 'infra', 'compose', 'secrets.sh')
  spawnSync('sh', [script, 'https://o.example'], { env: { ...process.env, SECRETS: folder } })
  for (const name of Object.keys(teams.secrets)) assert.ok(readdirSync(folder).includes(name), name)
})
