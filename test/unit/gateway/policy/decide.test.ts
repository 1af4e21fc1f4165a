import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../../../src/gateway/policy/decide.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import type { Access, AllowReason, Principal } from '../../../../src/gateway/policy/types.ts'
import type { NamedProject } from '../../../../src/shared/project-id.ts'
import { ALPHA, BETA, decisionTable, NONE, named, projects, rules, who, withoutProjects } from './decision-table.ts'

const GONE = '99999999-9999-4999-8999-999999999999'
const allowing: AllowReason[] = ['public-route', 'signed-in', 'admin', 'project-member', 'project-viewer', 'member']
const ALLOWING = new Set<string>(allowing)

for (const [name, reason, access, principal, project, selected, use = 'read'] of decisionTable) {
  test(name, () => {
    const decision = decide({ access, use, principal, named: project, selected }, rules, projects)
    assert.equal(decision.reason, reason)
    assert.equal(decision.allow, ALLOWING.has(reason))
  })
}

for (const [name, reason, access, principal, project, selected, use = 'read'] of withoutProjects) {
  test(`without any known projects, ${name}: ${reason}`, () => {
    const decision = decide({ access, use, principal, named: project, selected }, rules, undefined)
    assert.equal(decision.reason, reason)
    assert.equal(decision.allow, ALLOWING.has(reason))
  })
}

const admin = who('modelops-admins')
const roles: [role: string, reason: string, access: Access, Principal | undefined, NamedProject, selected?: string][] =
  [
    ['admin', 'admin', 'project', admin, named(ALPHA)],
    ['editor', 'project-member', 'project', who('project-alpha'), named(ALPHA)],
    ['viewer', 'project-viewer', 'project', who('auditors'), named(ALPHA)],
    ['admin', 'admin', 'admin', admin, NONE],
    ['admin', 'admin', 'member', admin, NONE],
    ['admin', 'admin', 'member', admin, NONE, GONE],
    ['admin', 'signed-in', 'login', admin, NONE],
    ['user', 'signed-in', 'login', who('project-alpha'), NONE],
    ['editor', 'member', 'member', who('project-beta'), NONE],
    ['viewer', 'member', 'member', who('auditors'), NONE],
    ['editor', 'member', 'member', who('auditors', 'project-beta'), NONE],
    ['anonymous', 'public-route', 'public', admin, NONE],
  ]
for (const [role, reason, access, principal, project, selected] of roles)
  test(`${access} route, ${reason}: the role is ${role}${selected ? ', whatever was selected' : ''}`, () => {
    const decision = decide({ access, use: 'read', principal, named: project, selected }, rules, projects)
    assert.deepEqual(decision.allow && [decision.reason, decision.role], [reason, role])
  })

test('a member of one project and viewer of another writes on a member route', () => {
  const question = { access: 'member', use: 'write', named: NONE, selected: undefined } as const
  const both = decide({ ...question, principal: who('auditors', 'project-beta') }, rules, projects)
  assert.deepEqual(both, { allow: true, reason: 'member', role: 'editor' })
  assert.deepEqual(decide({ ...question, principal: who('auditors') }, rules, projects), {
    allow: false,
    reason: 'viewer-read-only',
  })
})

test('a viewer who writes is denied, and the denial names the project', () => {
  const question = { access: 'project', use: 'write', named: named(ALPHA), selected: undefined } as const
  const { project, ...decision } = decide({ ...question, principal: who('auditors') }, rules, projects)
  assert.deepEqual(decision, { allow: false, reason: 'viewer-read-only' })
  assert.equal(project?.id, ALPHA)
})

test('an allowed project request names exactly the authorized project', () => {
  const decision = decide(
    { access: 'project', use: 'read', principal: who('project-alpha'), named: named(ALPHA), selected: BETA },
    rules,
    projects,
  )
  assert.ok(decision.allow && decision.project?.id === ALPHA)
})
test('an unnamed login request leaves the project out', () => {
  const decision = decide(
    { access: 'login', use: 'read', principal: who('project-alpha'), named: NONE, selected: ALPHA },
    rules,
    projects,
  )
  assert.ok(decision.allow && decision.project === undefined)
})
test('an administrator with a single project in the whole gateway does not have to choose', () => {
  const one = new ListedProjects([{ id: ALPHA, name: 'alpha', groups: [], viewerGroups: [] }])
  assert.equal(
    decide(
      { access: 'project', use: 'read', principal: who('modelops-admins'), named: NONE, selected: undefined },
      rules,
      one,
    ).reason,
    'admin',
  )
})
