import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { CommanderError } from 'commander'
import { CliError } from '../../../../src/cli/cli-error.ts'
import { migrateCommand } from '../../../../src/cli/migrate/command.ts'
import { loadProjectsFile } from '../../../../src/gateway/projects/file.ts'
import { HASH, legacySql, PASSWORD, rolesSql, type Setup, setup } from './fixtures.ts'

const example = rolesSql({
  users: [
    [1, 'admin', 1],
    [2, 'alice', 0],
    [3, 'bob@o.example', 0],
  ],
  roles: [
    [1, 'admin', 'wa', [['workspace', '*', 'MANAGE']], [2]],
    [2, '__user_3__', 'wa', [['experiment', '1', 'EDIT']], [3]],
  ],
})

/** Runs the command in this process. @returns what it printed and its exit code */
function run(t: TestContext, ...given: string[]): { printed: string; exitCode: number } {
  let printed = ''
  const write = t.mock.method(process.stdout, 'write', (text: string) => {
    printed += text
    return true
  })
  const command = migrateCommand()
  for (const part of [command, ...command.commands]) part.exitOverride().configureOutput({ writeErr: () => {} })
  try {
    command.parse(['basic-auth', ...given], { from: 'user' })
    return { printed, exitCode: 0 }
  } catch (error) {
    if (error instanceof CommanderError) return { printed, exitCode: error.exitCode }
    throw error
  } finally {
    write.mock.restore()
  }
}

const outputs = ({ dir }: Setup) => ({ projects: join(dir, 'projects.yaml'), keycloak: join(dir, 'users.json') })

test('the projects file it writes is one that the gateway loads, and the import holds no password hash', (t) => {
  const at = setup(t, example)
  const { projects, keycloak } = outputs(at)
  const { printed } = run(t, '--ini', at.ini, '--out-projects', projects, '--out-keycloak', keycloak)
  assert.deepEqual(
    loadProjectsFile(projects).map(({ name, groups, viewerGroups }) => ({ name, groups, viewerGroups })),
    [{ name: 'wa', groups: ['project-wa'], viewerGroups: ['project-wa-viewers'] }],
  )
  const imported = readFileSync(keycloak, 'utf8')
  assert.deepEqual(JSON.parse(imported).users, [
    { username: 'admin', enabled: true, groups: ['/modelops-admins'] },
    { username: 'alice', enabled: true, groups: ['/project-wa'] },
    { username: 'bob@o.example', enabled: true, email: 'bob@o.example', groups: [] },
  ])
  // Keycloak finds an existing group by its path; without one the whole import fails.
  assert.deepEqual(JSON.parse(imported).groups[0], { name: 'modelops-admins', path: '/modelops-admins' })
  for (const text of [printed, imported]) assert.ok(!text.includes(HASH) && !text.includes(PASSWORD))
})

test('--check ends with 3 and names each difference, and with 0 once a person accepted them', (t) => {
  const at = setup(t, example)
  const found = run(t, '--ini', at.ini, '--check')
  assert.equal(found.exitCode, 3)
  assert.match(found.printed, /bob@o\.example loses read, update: experiment 1 in wa/)
  const accept = join(at.dir, 'accepted.txt')
  writeFileSync(accept, '# agreed\nbob@o.example loses read, update: experiment 1 in wa\n')
  assert.equal(run(t, '--ini', at.ini, '--check', '--accept', accept).exitCode, 0)
})

test('--check compares the edited files', (t) => {
  const at = setup(t, example)
  const { projects, keycloak } = outputs(at)
  run(t, '--ini', at.ini, '--out-projects', projects, '--out-keycloak', keycloak)
  const edited = JSON.parse(readFileSync(keycloak, 'utf8'))
  edited.users[1].groups = ['/project-wa-viewers']
  writeFileSync(keycloak, JSON.stringify(edited))
  const { printed } = run(t, '--ini', at.ini, '--check', '--projects', projects, '--users', keycloak)
  assert.match(printed, /alice loses update, delete: every other experiment in wa/)
})

test('--check lists who was no user before and will be one, and who is left out', (t) => {
  const at = setup(t, example)
  const { keycloak } = outputs(at)
  run(t, '--ini', at.ini, '--out-keycloak', keycloak)
  const edited = JSON.parse(readFileSync(keycloak, 'utf8'))
  edited.users = [{ username: 'mallory', groups: ['/project-wa'] }]
  writeFileSync(keycloak, JSON.stringify(edited))
  const { printed, exitCode } = run(t, '--ini', at.ini, '--check', '--users', keycloak)
  assert.equal(exitCode, 3)
  assert.match(printed, /mallory gains read, update, delete: every other experiment in wa/)
  assert.match(printed, /alice loses read, update, delete: every other experiment in wa/)
  assert.match(printed, /admin loses read, update, delete: every other experiment in wa/)
})

test('edited files without --check are refused, because they would not be compared', (t) => {
  const at = setup(t, example)
  assert.throws(() => run(t, '--ini', at.ini, '--users', 'users.json'), /expected --check as well/)
})

test('--resource-grants widen makes members of them, and what that opens is listed', (t) => {
  const at = setup(t, example)
  const { printed } = run(t, '--ini', at.ini, '--check', '--resource-grants', 'widen')
  assert.match(printed, /bob@o\.example of wa \(EDIT on experiment 1\)/)
  assert.match(printed, /bob@o\.example gains delete: experiment 1 in wa/)
})

test('the report shows what default_permission granted to everyone', (t) => {
  const at = setup(t, legacySql(''), { default_permission: 'READ' })
  assert.match(run(t, '--ini', at.ini).printed, /READ on all of default, for every user/)
})

test('--admin-group and --group-prefix name the groups', (t) => {
  const at = setup(t, example)
  const { projects } = outputs(at)
  const { printed } = run(
    t,
    '--ini',
    at.ini,
    '--admin-group',
    'ops',
    '--group-prefix',
    'ml-',
    '--out-projects',
    projects,
  )
  assert.match(printed, /group ops/)
  assert.deepEqual(loadProjectsFile(projects)[0]?.groups, ['ml-wa'])
})

test('--db names another database than the ini, and --workspaces says how the server ran', (t) => {
  const at = setup(t, example)
  const other = setup(t, legacySql(''), { default_permission: 'READ' })
  assert.match(run(t, '--ini', at.ini, '--db', other.db).printed, /in the tables before roles; workspaces off/)
  assert.match(run(t, '--ini', at.ini, '--workspaces', 'off').printed, /workspaces off/)
  assert.match(run(t, '--ini', at.ini).printed, /workspaces on/)
})

const invalid: [string, RegExp, (t: TestContext) => string[]][] = [
  [
    'a missing ini',
    /--ini .*expected a readable basic_auth\.ini, got ENOENT/,
    () => ['--ini', '/nowhere/basic_auth.ini'],
  ],
  [
    'an ini without its section',
    /expected a section \[mlflow\]/,
    (t) => {
      const at = setup(t, example)
      writeFileSync(at.ini, '[other]\nx = 1\n')
      return ['--ini', at.ini]
    },
  ],
  [
    'an unknown default_permission',
    /default_permission: expected NO_PERMISSIONS, READ.*got "ALL"/,
    (t) => ['--ini', setup(t, example, { default_permission: 'ALL' }).ini],
  ],
  [
    'an interpolated value',
    /database_uri: expected a plain value/,
    (t) => ['--ini', setup(t, example, { database_uri: 'sqlite:///%(home)s/x' }).ini],
  ],
  [
    'a flag that is none',
    /grant_default_workspace_access: expected true or false, got "maybe"/,
    (t) => ['--ini', setup(t, example, { grant_default_workspace_access: 'maybe' }).ini],
  ],
  [
    'a PostgreSQL database',
    /database_uri: expected sqlite:\/\/\/FILE, got postgresql/,
    (t) => ['--ini', setup(t, example, { database_uri: 'postgresql://mlflow:hush@db/auth' }).ini],
  ],
  [
    'a missing database',
    /expected the database of the basic-auth app, got no such file/,
    (t) => ['--ini', setup(t, example).ini, '--db', '/nowhere/x.db'],
  ],
  [
    'a file that is no database',
    /expected a SQLite database, got another file/,
    (t) => {
      const at = setup(t, example)
      writeFileSync(at.db, 'x'.repeat(5000))
      return ['--ini', at.ini]
    },
  ],
  [
    'a database of something else',
    /expected the tables of the basic-auth app/,
    (t) => ['--ini', setup(t, 'CREATE TABLE runs (id INTEGER)').ini],
  ],
  [
    'an unknown schema version',
    /alembic_version_auth: expected one of .*f1a2b3c4d5e6, got 0123456789ab/,
    (t) => ['--ini', setup(t, example.replace('f1a2b3c4d5e6', '0123456789ab')).ini],
  ],
  [
    'a permission that MLflow does not have',
    /permission: expected a level of MLflow or DENY, got "OWN"/,
    (t) => ['--ini', setup(t, example.replace("'EDIT'", "'OWN'")).ini],
  ],
]
for (const [what, message, args] of invalid) {
  test(`${what} is named and nothing is written`, (t) => {
    const at = setup(t, example)
    const { projects, keycloak } = outputs(at)
    assert.throws(
      () => run(t, ...args(t), '--out-projects', projects, '--out-keycloak', keycloak),
      (error: unknown) => error instanceof CliError && message.test(error.message) && !error.message.includes('hush'),
    )
    assert.ok(!existsSync(projects) && !existsSync(keycloak))
  })
}

test('a locked database is named and nothing is written', (t) => {
  const at = setup(t, example)
  const holder = new DatabaseSync(at.db)
  t.after(() => holder.close())
  holder.exec('BEGIN EXCLUSIVE')
  const { projects } = outputs(at)
  assert.throws(() => run(t, '--ini', at.ini, '--out-projects', projects), /locked by another process/)
  assert.ok(!existsSync(projects))
})

test('an existing file is not replaced, and the other file is not written either, unless forced', (t) => {
  const at = setup(t, example)
  const { projects, keycloak } = outputs(at)
  writeFileSync(keycloak, 'mine')
  assert.throws(
    () => run(t, '--ini', at.ini, '--out-projects', projects, '--out-keycloak', keycloak),
    /expected no such file/,
  )
  assert.ok(!existsSync(projects))
  assert.equal(readFileSync(keycloak, 'utf8'), 'mine')
  run(t, '--ini', at.ini, '--out-projects', projects, '--out-keycloak', keycloak, '--force')
  assert.ok(existsSync(projects))
})

test('a place that cannot be written leaves no debris', (t) => {
  const at = setup(t, example)
  const before = readdirSync(at.dir)
  assert.throws(
    () =>
      run(t, '--ini', at.ini, '--out-projects', join(at.dir, 'p.yaml'), '--out-keycloak', join(at.dir, 'no', 'u.json')),
    /cannot be written \(ENOENT\)/,
  )
  assert.deepEqual(readdirSync(at.dir), before)
})
