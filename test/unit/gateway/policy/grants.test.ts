import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClaimedProjects } from '../../../../src/gateway/policy/claimed-projects.ts'
import { decide } from '../../../../src/gateway/policy/decide.ts'
import { isAdmin } from '../../../../src/gateway/policy/roles.ts'
import type { Grant, Principal, Question } from '../../../../src/gateway/policy/types.ts'
import { ALPHA, BETA, NONE, named, projects, rules, who } from './decision-table.ts'

const GONE = '99999999-9999-4999-8999-999999999999'
const grant = (projectId: string, role: Grant['role'], rule = `${role}-rule`): Grant => ({ projectId, role, rule })
const workload = (grants: Grant[], ...groups: string[]): Principal => ({ ...who(...groups), kind: 'machine', grants })
const ask = (principal: Principal, over: Partial<Question> = {}) =>
  decide({ access: 'project', use: 'write', principal, named: NONE, selected: undefined, ...over }, rules, projects)

test('a rule makes a member of its project in its role, and of no other project', () => {
  const editor = workload([grant(ALPHA, 'editor')])
  assert.equal(ask(editor).reason, 'project-member')
  assert.equal(ask(editor, { named: named(ALPHA) }).reason, 'project-member')
  assert.equal(ask(editor, { named: named(BETA) }).reason, 'not-in-project')
  assert.equal(ask(editor, { projectName: 'beta' }).reason, 'not-in-project')
  const viewer = workload([grant(ALPHA, 'viewer')])
  assert.equal(ask(viewer).reason, 'viewer-read-only')
  assert.equal(ask(viewer, { use: 'read' }).reason, 'project-viewer')
})

test('it sees its projects alone', () => {
  const both = workload([grant(BETA, 'viewer'), grant(ALPHA, 'editor'), grant(ALPHA, 'viewer'), grant(GONE, 'editor')])
  const seen = projects.memberships(both).map(({ project, role }) => [project.name, role])
  assert.deepEqual(seen, [
    ['alpha', 'editor'],
    ['beta', 'viewer'],
  ])
  assert.deepEqual(projects.memberships(workload([])), [])
})

test('the stronger of two roles counts, by rules and by groups, in every order', () => {
  for (const grants of [
    [grant(ALPHA, 'viewer'), grant(ALPHA, 'editor')],
    [grant(ALPHA, 'editor'), grant(ALPHA, 'viewer')],
  ])
    assert.equal(projects.membership(workload(grants), ALPHA), 'editor')
  assert.equal(projects.membership(workload([grant(ALPHA, 'viewer')], 'project-alpha'), ALPHA), 'editor')
  assert.equal(projects.membership(workload([grant(ALPHA, 'editor')], 'auditors'), ALPHA), 'editor')
})

test('a rule for a project that does not exist gives nothing', () => {
  assert.equal(ask(workload([grant(GONE, 'editor')])).reason, 'project-missing')
  assert.equal(ask(workload([grant(GONE, 'editor')]), { named: named(GONE) }).reason, 'not-in-project')
  assert.equal(ask(workload([grant(GONE, 'editor')]), { access: 'member' }).reason, 'not-a-member')
})

test('no rule makes an administrator', () => {
  const principal = workload([grant(ALPHA, 'editor')])
  assert.equal(isAdmin(principal, rules), false)
  assert.equal(ask(principal, { access: 'admin' }).reason, 'admin-only')
  assert.equal(ask(principal, { use: 'admin' }).reason, 'admin-only')
})

test('where claims name the projects, a rule gives its role as well', () => {
  const claimed = new ClaimedProjects()
  const principal = { ...workload([grant(ALPHA, 'viewer')]), projectIds: new Set([BETA]) }
  assert.equal(claimed.membership(principal, ALPHA), 'viewer')
  assert.equal(claimed.membership(principal, BETA), 'editor')
  assert.equal(claimed.membership(principal, GONE), undefined)
  assert.deepEqual(
    claimed.memberships(principal).map(({ project, role }) => [project.id, role]),
    [
      [ALPHA, 'viewer'],
      [BETA, 'editor'],
    ],
  )
})
