import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { loadAuthDatabase } from '../../src/cli/migrate/database/auth-database.ts'
import { loadBasicAuthIni } from '../../src/cli/migrate/ini.ts'
import { OldAccess, type Resource } from '../../src/cli/migrate/old-access.ts'
import { loadProjectsFile } from '../../src/gateway/projects/file.ts'
import { bundledProgram } from '../cli/bundled.ts'
import { type BasicAuthServer, passwordOf, startOldServer } from './basic-auth-server.ts'

const PEOPLE = ['alice', 'bob', 'carol', 'dave']
const [node = '', ...program] = await bundledProgram()

let server: BasicAuthServer
/** Ids of two experiments in each workspace; `root` made them. */
const experiments = { wa: ['', ''], wb: ['', ''] }

/**
 * Two workspaces and every kind of grant, made through MLflow's own API: alice manages `wa`, bob has grants of his own
 * in `wa`, carol is a user of `wb` and reads all experiments of `wa` by a role, dave has nothing.
 */
before(async () => {
  server = await startOldServer('NO_PERMISSIONS', true)
  await makePeople(server)
  for (const workspace of ['wa', 'wb'] as const) {
    await server.asAdmin('default', 'POST', '3.0/mlflow/workspaces', { name: workspace })
    experiments[workspace] = [await makeExperiment(workspace, 'one'), await makeExperiment(workspace, 'two')]
  }
  await server.asAdmin('wa', 'POST', '2.0/mlflow/registered-models/create', { name: 'model-a' })
  await assign('alice', 'wa', 'admin')
  await assign('carol', 'wb', 'user')
  await makeReaders()
  await assign('carol', 'wa', 'readers')
  await grant('bob', 'experiment', experiments.wa[0] ?? '', 'EDIT')
  await grant('bob', 'registered_model', 'model-a', 'MANAGE')
})
after(() => server.close())

async function makePeople({ asAdmin }: BasicAuthServer): Promise<void> {
  for (const username of PEOPLE) {
    await asAdmin('default', 'POST', '2.0/mlflow/users/create', { username, password: passwordOf(username) })
  }
}

async function makeExperiment(workspace: string, name: string): Promise<string> {
  const path = '2.0/mlflow/experiments/create'
  const made = await server.asAdmin<{ experiment_id: string }>(workspace, 'POST', path, { name })
  return made.experiment_id
}

async function makeReaders(): Promise<void> {
  const about = { name: 'readers', workspace: 'wa' }
  const { role } = await server.asAdmin<{ role: { id: number } }>('wa', 'POST', '3.0/mlflow/roles/create', about)
  const reads = { role_id: role.id, resource_type: 'experiment', resource_pattern: '*', permission: 'READ' }
  await server.asAdmin('wa', 'POST', '3.0/mlflow/roles/permissions/add', reads)
}

async function assign(username: string, workspace: string, role: string): Promise<void> {
  const path = `3.0/mlflow/roles/list?workspace=${workspace}`
  const { roles } = await server.asAdmin<{ roles: { id: number; name: string }[] }>(workspace, 'GET', path)
  const role_id = roles.find(({ name }) => name === role)?.id
  await server.asAdmin(workspace, 'POST', '3.0/mlflow/roles/assign', { username, role_id })
}

const grant = (username: string, resource_type: string, resource_id: string, permission: string) =>
  server.asAdmin('wa', 'POST', '3.0/mlflow/users/permissions/grant', {
    ...{ username, resource_type, resource_id, permission },
  })

/** What MLflow itself lets the user do: asked by doing it. */
async function mlflowAllows(
  { ask }: BasicAuthServer,
  user: string,
  action: 'read' | 'update' | 'create',
  { workspace, type, id }: Resource,
): Promise<boolean> {
  const model = type === 'registered_model'
  const family = `2.0/mlflow/${model ? 'registered-models' : 'experiments'}`
  const about: Record<string, string> = model ? { name: id } : { experiment_id: id }
  const [method, path, body] = {
    read: ['GET', `${family}/get?${new URLSearchParams(about)}`, undefined] as const,
    update: [
      'POST',
      `${family}/${model ? 'set-tag' : 'set-experiment-tag'}`,
      { ...about, key: 'k', value: user },
    ] as const,
    create: ['POST', '2.0/mlflow/experiments/create', { name: `of ${user}` }] as const,
  }[action]
  const { status } = await ask(user, workspace, method, path, body)
  assert.ok(status === 200 || status === 403, `${user} ${action} ${type} ${id}: ${status}`)
  return status === 200
}

async function assertSameVerdicts(old: BasicAuthServer, workspacesOn: boolean, resources: Resource[]): Promise<void> {
  const database = loadAuthDatabase(old.database)
  const access = new OldAccess(loadBasicAuthIni(old.ini), database, workspacesOn)
  const verdicts = new Set<boolean>()
  for (const user of database.users.filter(({ name }) => PEOPLE.includes(name))) {
    for (const resource of resources) {
      const actions = resource.type === 'workspace' ? (['create'] as const) : (['read', 'update'] as const)
      for (const action of actions) {
        const verdict = await mlflowAllows(old, user.name, action, resource)
        const what = `${user.name} ${action} ${resource.type} ${resource.id} in ${resource.workspace}`
        assert.equal(access.may(user, action, resource), verdict, what)
        verdicts.add(verdict)
      }
    }
  }
  assert.deepEqual(verdicts, new Set([true, false]))
}

/** Not synchronous: MLflow closes idle connections meanwhile, and the next request must not take one of them. */
async function migrate(...given: string[]) {
  const child = spawn(node, [...program, 'migrate', 'basic-auth', '--ini', server.ini, ...given])
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { stdout, stderr, status: status as number | null }
}

test('--check lists what each user gains and loses, and is content once a person accepted every line', async () => {
  const first = await migrate('--check')
  assert.equal(first.status, 3)
  const [one] = experiments.wa
  const [three, four] = experiments.wb
  const lines = first.stdout.split('\n').filter((line) => / (gains|loses) /.test(line))
  assert.deepEqual(
    lines.map((line) => line.trim()),
    [
      `bob loses read, update: experiment ${one} in wa`,
      'bob loses read, update, delete: registered_model model-a in wa',
      'carol gains read: registered_model model-a in wa',
      'carol gains read: every other registered_model in wa',
      `carol gains read, update, delete: experiment ${three} in wb`,
      `carol gains read, update, delete: experiment ${four} in wb`,
      'carol gains read, update, delete: every other experiment in wb',
      'carol gains read, update, delete: every other registered_model in wb',
    ],
  )
  const accepted = join(server.dir, 'accepted.txt')
  writeFileSync(accepted, lines.join('\n'))
  assert.equal((await migrate('--check', '--accept', accepted)).status, 0)
})

test('old access as it is read from the database is what MLflow itself decides, for every user and resource', async () => {
  await assertSameVerdicts(server, true, [
    ...(['wa', 'wb'] as const).flatMap((workspace) => [
      ...experiments[workspace].map((id) => ({ workspace, type: 'experiment', id })),
      { workspace, type: 'workspace', id: '*' },
    ]),
    { workspace: 'wa', type: 'registered_model', id: 'model-a' },
  ])
})

test('the same on a server without workspaces, where default_permission is everybody’s', async (t) => {
  const old = await startOldServer('READ', false)
  t.after(() => old.close())
  await makePeople(old)
  const made = await old.asAdmin<{ experiment_id: string }>('', 'POST', '2.0/mlflow/experiments/create', {
    name: 'one',
  })
  await assertSameVerdicts(old, false, [
    { workspace: 'default', type: 'experiment', id: made.experiment_id },
    { workspace: 'default', type: 'workspace', id: '*' },
  ])
})

test('the plan places users, leaves what has no counterpart to a person, and its files are loadable', async () => {
  const projects = join(server.dir, 'projects.yaml')
  const users = join(server.dir, 'users.json')
  const { stdout, stderr, status } = await migrate('--out-projects', projects, '--out-keycloak', users)
  assert.equal(status, 0, stderr)
  assert.match(stdout, /Administrators \(group modelops-admins\):\n {2}root\n/)
  assert.match(stdout, /alice of wa \(MANAGE of the workspace by role admin\)/)
  assert.match(stdout, /carol of wb \(USE of the workspace by role user\)/)
  assert.match(stdout, /carol of wa \(READ on experiment \* by role readers\)/)
  assert.match(
    stdout,
    new RegExp(`bob in wa: EDIT on experiment ${experiments.wa[0]}: the gateway grants access to whole projects`),
  )
  assert.match(stdout, /In no project:\n {2}bob\n {2}dave\n/)
  assert.ok(loadProjectsFile(projects).some(({ name, groups }) => name === 'wa' && groups[0] === 'project-wa'))
  assert.ok(!readFileSync(users, 'utf8').includes('scrypt'))
})
