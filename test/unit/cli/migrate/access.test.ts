import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { loadAuthDatabase } from '../../../../src/cli/migrate/database/auth-database.ts'
import { differences } from '../../../../src/cli/migrate/differences.ts'
import { loadBasicAuthIni } from '../../../../src/cli/migrate/ini.ts'
import type { Action } from '../../../../src/cli/migrate/levels.ts'
import { NewAccess } from '../../../../src/cli/migrate/new-access.ts'
import { OldAccess } from '../../../../src/cli/migrate/old-access.ts'
import { planMigration, projectIdOf, workspacesOf } from '../../../../src/cli/migrate/plan.ts'
import { legacySql, rolesSql, setup } from './fixtures.ts'

const workspace = { adminGroup: 'admins', groupPrefix: 'project-', resourceGrants: 'none' } as const

function load(t: TestContext, sql: string, settings: Record<string, string> = {}, workspacesOn = true) {
  const { ini, db } = setup(t, sql, settings)
  const database = loadAuthDatabase(db)
  const access = new OldAccess(loadBasicAuthIni(ini), database, workspacesOn)
  const workspaces = workspacesOf(database, workspacesOn)
  const plan = planMigration(database, access, workspaces, workspace)
  const after = new NewAccess(plan.projects, plan.groups, plan.adminGroup)
  return { database, access, plan, lines: differences(database, workspaces, access, after) }
}

const user = (id: number, name: string, isAdmin = false) => ({ id, name, isAdmin })
const experiment = (id: string, workspace = 'wa') => ({ workspace, type: 'experiment', id })

type Row = [name: string, expected: boolean, action: Action, grants: [string, string, string][]]
const roleRules: Row[] = [
  ['READ of an experiment reads it', true, 'read', [['experiment', '1', 'READ']]],
  ['READ of an experiment does not write it', false, 'update', [['experiment', '1', 'READ']]],
  ['EDIT writes but does not delete', false, 'delete', [['experiment', '1', 'EDIT']]],
  ['a grant on all experiments reaches this one', true, 'update', [['experiment', '*', 'EDIT']]],
  ['a grant on another experiment does not', false, 'read', [['experiment', '2', 'MANAGE']]],
  ['a grant on a model of the same name does not', false, 'read', [['registered_model', '1', 'MANAGE']]],
  ['USE of the workspace reads nothing by itself', false, 'read', [['workspace', '*', 'USE']]],
  ['MANAGE of the workspace does everything', true, 'delete', [['workspace', '*', 'MANAGE']]],
  [
    'DENY wins against a wider grant',
    false,
    'read',
    [
      ['experiment', '1', 'DENY'],
      ['experiment', '*', 'MANAGE'],
    ],
  ],
  [
    'DENY loses against the workspace’s administrator',
    true,
    'read',
    [
      ['experiment', '1', 'DENY'],
      ['workspace', '*', 'MANAGE'],
    ],
  ],
]
for (const [name, expected, action, permissions] of roleRules) {
  test(`in roles, ${name}`, (t) => {
    const sql = rolesSql({ users: [[2, 'bob', 0]], roles: [[1, 'r', 'wa', permissions, [2]]] })
    const { access } = load(t, sql)
    assert.equal(access.may(user(2, 'bob'), action, experiment('1')), expected)
  })
}

test('two roles add up, and a role in another workspace adds nothing', (t) => {
  const sql = rolesSql({
    users: [[2, 'bob', 0]],
    roles: [
      [1, 'readers', 'wa', [['experiment', '*', 'READ']], [2]],
      [2, 'editors', 'wa', [['experiment', '*', 'EDIT']], [2]],
      [3, 'owners', 'wb', [['experiment', '*', 'MANAGE']], [2]],
    ],
  })
  const { access } = load(t, sql)
  assert.equal(access.may(user(2, 'bob'), 'update', experiment('1')), true)
  assert.equal(access.may(user(2, 'bob'), 'delete', experiment('1')), false)
})

test('without workspaces, every user has default_permission on everything and may create', (t) => {
  const { access } = load(t, rolesSql({ users: [[2, 'bob', 0]] }), { default_permission: 'READ' }, false)
  assert.equal(access.may(user(2, 'bob'), 'read', experiment('1', 'default')), true)
  assert.equal(access.may(user(2, 'bob'), 'update', experiment('1', 'default')), false)
  assert.equal(access.may(user(2, 'bob'), 'create', experiment('*', 'default')), true)
})

test('with workspaces on default_permission opens none, but the default one where the ini says so', (t) => {
  const sql = rolesSql({
    users: [[2, 'bob', 0]],
    roles: [
      [1, 'user', 'wa', [], []],
      [2, 'user', 'default', [], []],
    ],
  })
  const closed = load(t, sql, { default_permission: 'READ' }).access
  assert.equal(closed.may(user(2, 'bob'), 'read', experiment('1')), false)
  assert.equal(closed.may(user(2, 'bob'), 'read', experiment('1', 'default')), false)
  const open = load(t, sql, { default_permission: 'READ', grant_default_workspace_access: 'true' }).access
  assert.equal(open.may(user(2, 'bob'), 'read', experiment('1')), false)
  assert.equal(open.may(user(2, 'bob'), 'read', experiment('1', 'default')), true)
})

test('before roles a row decides alone, also when it takes away what everybody has', (t) => {
  const sql = legacySql(`INSERT INTO experiment_permissions VALUES (1,'1',2,'NO_PERMISSIONS'), (2,'2',2,'MANAGE');`)
  const { access } = load(t, sql, { default_permission: 'EDIT' }, false)
  assert.equal(access.may(user(2, 'alice'), 'read', experiment('1', 'default')), false)
  assert.equal(access.may(user(2, 'alice'), 'delete', experiment('2', 'default')), true)
  assert.equal(access.may(user(2, 'alice'), 'update', experiment('3', 'default')), true)
  assert.equal(access.may(user(2, 'alice'), 'delete', experiment('3', 'default')), false)
})

test('an administrator stays one and nothing of theirs is listed', (t) => {
  const sql = rolesSql({ users: [[1, 'root', 1]], roles: [[1, 'admin', 'wa', [], []]] })
  const { plan, lines } = load(t, sql)
  assert.deepEqual(plan.groups.get('root'), ['admins'])
  assert.deepEqual(lines, [])
})

test('MANAGE of a workspace becomes a member without gain or loss, and the lost right to grant needs a decision', (t) => {
  const sql = rolesSql({ users: [[2, 'bob', 0]], roles: [[1, 'admin', 'wa', [['workspace', '*', 'MANAGE']], [2]]] })
  const { plan, lines } = load(t, sql)
  assert.deepEqual(plan.groups.get('bob'), ['project-wa'])
  assert.deepEqual(lines, [])
  assert.match(plan.undecided.join(), /bob in wa: MANAGE on workspace \*: .*managed at the issuer/)
})

test('USE of a workspace becomes a member, and what that opens is listed', (t) => {
  const sql = rolesSql({ users: [[2, 'bob', 0]], roles: [[1, 'user', 'wa', [['workspace', '*', 'USE']], [2]]] })
  assert.deepEqual(load(t, sql).lines, [
    'bob gains read, update, delete: every other experiment in wa',
    'bob gains read, update, delete: every other registered_model in wa',
  ])
})

test('a grant on one experiment grants no project by itself; its loss is listed and needs a decision', (t) => {
  const sql = rolesSql({ users: [[2, 'bob', 0]], roles: [[1, '__user_2__', 'wa', [['experiment', '7', 'EDIT']], [2]]] })
  const { plan, lines } = load(t, sql)
  assert.deepEqual(plan.groups.get('bob'), [])
  assert.deepEqual(lines, ['bob loses read, update: experiment 7 in wa'])
  assert.match(plan.undecided.join(), /bob in wa: EDIT on experiment 7: the gateway grants access to whole projects/)
})

test('a workspace-wide grant on experiments becomes a member, and what that opens beyond is listed', (t) => {
  const sql = rolesSql({ users: [[2, 'bob', 0]], roles: [[1, 'readers', 'wa', [['experiment', '*', 'READ']], [2]]] })
  const { plan, lines } = load(t, sql)
  assert.deepEqual(plan.groups.get('bob'), ['project-wa-viewers'])
  assert.deepEqual(lines, ['bob gains read: every other registered_model in wa'])
})

test('secrets of the AI gateway stay with administrators: losing one is listed', (t) => {
  const sql = rolesSql({
    users: [[2, 'bob', 0]],
    roles: [
      [
        1,
        'admin',
        'wa',
        [
          ['workspace', '*', 'MANAGE'],
          ['gateway_secret', 's1', 'MANAGE'],
        ],
        [2],
      ],
    ],
  })
  const { lines } = load(t, sql)
  assert.ok(lines.includes('bob loses read, use, update, delete: gateway_secret s1 in wa'))
})

test('default_permission READ makes viewers, and no user loses what it granted', (t) => {
  const { plan, lines } = load(t, legacySql(''), { default_permission: 'READ' }, false)
  assert.deepEqual(plan.groups.get('alice'), ['project-default-viewers'])
  assert.deepEqual(lines, ['alice loses create: anything in default', 'bob loses create: anything in default'])
})

test('users whose names differ only by case need a decision', (t) => {
  const { plan } = load(
    t,
    rolesSql({
      users: [
        [1, 'Bob', 0],
        [2, 'bob', 0],
      ],
    }),
  )
  assert.match(plan.undecided.join(), /Bob and bob/)
})

test('a workspace named by a UUID is that project; any other name gives the same UUID each time', () => {
  const uuid = '11111111-1111-4111-8111-111111111111'
  assert.equal(projectIdOf(uuid), uuid)
  assert.match(projectIdOf('wa'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(projectIdOf('wa'), projectIdOf('wa'))
  assert.notEqual(projectIdOf('wa'), projectIdOf('wb'))
})
