import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../../../src/gateway/policy/decide.ts'
import { ProjectSnapshot } from '../../../../src/gateway/policy/project-snapshot.ts'
import type { Access, Decision, Principal, Use } from '../../../../src/gateway/policy/types.ts'
import type { NamedProject } from '../../../../src/shared/project-id.ts'

const ALPHA = '11111111-1111-4111-8111-111111111111'
const BETA = '22222222-2222-4222-8222-222222222222'
const GONE = '99999999-9999-4999-8999-999999999999'

const directory = new ProjectSnapshot([
  { id: ALPHA, name: 'alpha', groups: ['project-alpha', 'alpha-leads'], viewerGroups: ['auditors'] },
  { id: BETA, name: 'beta', groups: ['project-beta'], viewerGroups: [] },
])
const rules = { adminGroup: 'modelops-admins', serviceUsers: new Set(['ci-admin']) }

const who = (...groups: string[]): Principal => ({
  issuer: 'https://sso.example',
  subject: 's',
  kind: 'person',
  username: 'u',
  groups: new Set(groups),
  projectIds: new Set(),
})
const machine = (clientId: string): Principal => ({ ...who(), kind: 'machine', clientId })
const named = (id: string): NamedProject => ({ kind: 'named', id })
const NONE: NamedProject = { kind: 'none' }

type Row = [
  name: string,
  reason: Decision['reason'],
  access: Access,
  principal: Principal | undefined,
  named: NamedProject,
  selected?: string | undefined,
  use?: Use,
]
const rows: Row[] = [
  ['refuses nobody on a project route', 'login-required', 'project', undefined, named(ALPHA)],
  ['refuses nobody on a login route', 'login-required', 'login', undefined, NONE],
  [
    'asks nobody to sign in before it says that a project is malformed',
    'login-required',
    'project',
    undefined,
    { kind: 'malformed' },
  ],
  ['lets anybody use a public route', 'public-route', 'public', undefined, NONE],
  ['refuses a denied function even on a public route', 'app-denied', 'public', undefined, NONE, undefined, 'denied'],
  [
    'refuses a denied function to an administrator',
    'app-denied',
    'project',
    who('modelops-admins'),
    named(ALPHA),
    undefined,
    'denied',
  ],
  ['lets a member of a security group in', 'project-member', 'project', who('project-alpha'), named(ALPHA)],
  [
    'lets a member of the second security group in',
    'project-member',
    'project',
    who('alpha-leads'),
    named(ALPHA),
    undefined,
    'write',
  ],
  ['refuses a member of another project', 'not-in-project', 'project', who('project-beta'), named(ALPHA)],
  ['refuses an unknown project with the same words', 'not-in-project', 'project', who('project-alpha'), named(GONE)],
  [
    'refuses an unknown project to an administrator too',
    'not-in-project',
    'project',
    who('modelops-admins'),
    named(GONE),
  ],
  [
    'lets an administrator into every project',
    'admin',
    'project',
    who('modelops-admins'),
    named(BETA),
    undefined,
    'write',
  ],
  ['compares the admin group exactly: case', 'not-in-project', 'project', who('Modelops-Admins'), named(ALPHA)],
  ['compares the admin group exactly: prefix', 'not-in-project', 'project', who('modelops-admins2'), named(ALPHA)],
  ['compares the admin group exactly: path', 'not-in-project', 'project', who('/modelops-admins'), named(ALPHA)],
  ['compares a project group exactly: nested', 'not-in-project', 'project', who('project-alpha/sub'), named(ALPHA)],
  ['does not read a comma in a group as two groups', 'not-in-project', 'project', who('x,project-alpha'), named(ALPHA)],
  ['lets the service user into every project', 'admin', 'project', machine('ci-admin'), named(BETA)],
  [
    'does not take a person for the service user of the same name',
    'not-in-project',
    'project',
    { ...who(), clientId: 'ci-admin' },
    named(BETA),
  ],
  ['refuses another machine', 'not-in-project', 'project', machine('ci-other'), named(BETA)],
  ['lets a viewer read', 'project-viewer', 'project', who('auditors'), named(ALPHA)],
  ['refuses a viewer who writes', 'viewer-read-only', 'project', who('auditors'), named(ALPHA), undefined, 'write'],
  [
    'lets a viewer who is also a member write',
    'project-member',
    'project',
    who('auditors', 'project-alpha'),
    named(ALPHA),
    undefined,
    'write',
  ],
  [
    'refuses an administrative function to a member',
    'admin-only',
    'project',
    who('project-alpha'),
    named(ALPHA),
    undefined,
    'admin',
  ],
  ['refuses a malformed project', 'project-malformed', 'project', who('project-alpha'), { kind: 'malformed' }],
  ['refuses two projects', 'project-ambiguous', 'project', who('project-alpha'), { kind: 'ambiguous' }],
  [
    'takes the selected project where none is named',
    'project-member',
    'project',
    who('project-alpha', 'project-beta'),
    NONE,
    BETA,
  ],
  ['forgets a selected project after the membership was revoked', 'project-missing', 'project', who(), NONE, ALPHA],
  [
    'prefers the named project to the selected one',
    'not-in-project',
    'project',
    who('project-alpha'),
    named(BETA),
    ALPHA,
  ],
  ['takes the only project of the principal', 'project-member', 'project', who('project-alpha'), NONE],
  ['asks a member of two projects to choose', 'project-missing', 'project', who('project-alpha', 'project-beta'), NONE],
  ['asks an administrator to choose', 'project-missing', 'project', who('modelops-admins'), NONE],
  ['tells a member of no project that none is named', 'project-missing', 'project', who(), NONE],
  ['lets a member of any project use a member route', 'member', 'member', who('project-beta'), NONE],
  ['refuses a member of none on a member route', 'not-a-member', 'member', who('elsewhere'), NONE],
  ['lets an administrator use a member route', 'admin', 'member', who('modelops-admins'), NONE],
  [
    'narrows a member route to the selected project',
    'project-member',
    'member',
    who('project-alpha', 'project-beta'),
    NONE,
    ALPHA,
  ],
  ['judges a named project on a member route', 'not-in-project', 'member', who('project-alpha'), named(BETA)],
  [
    'refuses one who only views and writes on a member route',
    'viewer-read-only',
    'member',
    who('auditors'),
    NONE,
    undefined,
    'write',
  ],
  ['lets one who only views read on a member route', 'member', 'member', who('auditors'), NONE],
  ['lets anybody signed in use a login route', 'signed-in', 'login', who(), NONE],
  ['judges a named project on a login route', 'not-in-project', 'login', who(), named(ALPHA)],
  ['does not narrow a login route by the selection', 'signed-in', 'login', who('project-alpha'), NONE, ALPHA],
  ['refuses a member on an admin route', 'admin-only', 'admin', who('project-alpha'), NONE],
  [
    'refuses a member on an admin route before it looks at the project',
    'admin-only',
    'admin',
    who('project-alpha'),
    { kind: 'malformed' },
  ],
  ['lets an administrator use an admin route', 'admin', 'admin', who('modelops-admins'), NONE],
]
for (const [name, reason, access, principal, project, selected, use = 'read'] of rows) {
  test(name, () => {
    const decision = decide({ access, use, principal, named: project, selected }, rules, directory)
    assert.equal(decision.reason, reason)
  })
}

test('an allowed project request names exactly the judged project', () => {
  const decision = decide(
    { access: 'project', use: 'read', principal: who('project-alpha'), named: named(ALPHA), selected: BETA },
    rules,
    directory,
  )
  assert.ok(decision.allow && decision.project?.id === ALPHA)
})
test('an unnamed login request leaves the project out', () => {
  const decision = decide(
    { access: 'login', use: 'read', principal: who('project-alpha'), named: NONE, selected: ALPHA },
    rules,
    directory,
  )
  assert.ok(decision.allow && decision.project === undefined)
})
test('an administrator with a single project in the whole gateway need not choose', () => {
  const one = new ProjectSnapshot([{ id: ALPHA, name: 'alpha', groups: [], viewerGroups: [] }])
  assert.equal(
    decide(
      { access: 'project', use: 'read', principal: who('modelops-admins'), named: NONE, selected: undefined },
      rules,
      one,
    ).reason,
    'admin',
  )
})
