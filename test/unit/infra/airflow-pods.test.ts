import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { ALPHA, BETA } from '../../../infra/issuer/users.ts'

/** infra/helm/airflow-teams: what a pod of a project's task is given. */

const read = (name: string) =>
  parse(readFileSync(join(import.meta.dirname, '..', '..', '..', 'infra', 'helm', 'airflow-teams', name), 'utf8'))

test('the pod of a task gets no secret of Airflow and no identity of the cluster', () => {
  const { spec } = read('team-pod.yaml')
  assert.equal(spec.automountServiceAccountToken, false)
  assert.doesNotMatch(JSON.stringify(spec), /SQL_ALCHEMY|FERNET|JWT_SECRET|API__SECRET_KEY|envFrom/)
  const [container] = spec.containers
  const names = (container.env as { valueFrom?: { secretKeyRef?: { name: string } } }[]).flatMap(
    ({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? [],
  )
  assert.deepEqual(names, ['team'], 'only the secret of its own namespace')
})

test('the pod of a task runs without root, privileges and a writable root', () => {
  const { spec } = read('team-pod.yaml')
  const [{ securityContext }] = spec.containers
  assert.equal(spec.securityContext.runAsNonRoot, true)
  assert.equal(securityContext.allowPrivilegeEscalation, false)
  assert.equal(securityContext.readOnlyRootFilesystem, true)
  assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] })
})

test('each project has a namespace of its own, and a team of its UUID', () => {
  const { config, executor } = read('values.yaml')
  const namespaces = [ALPHA, BETA].map((id) => config[`${id}=kubernetes_executor`].namespace)
  assert.equal(new Set(namespaces).size, 2)
  for (const id of [ALPHA, BETA]) assert.ok(executor.includes(`${id}=KubernetesExecutor`))
  const bundles = JSON.parse(config.dag_processor.dag_bundle_config_list) as { team_name: string }[]
  assert.deepEqual(
    bundles.map(({ team_name }) => team_name),
    [ALPHA, BETA],
  )
})

test('tasks are reached by nobody, and reach the execution API, the gateway and name servers', () => {
  const { spec } = read('network-policy.yaml')
  assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress'])
  assert.deepEqual(spec.ingress, [])
  const ports = (spec.egress as { ports: { port: number }[] }[]).map((rule) => rule.ports.map(({ port }) => port))
  assert.deepEqual(ports, [[8080], [4180], [53, 53]])
})
