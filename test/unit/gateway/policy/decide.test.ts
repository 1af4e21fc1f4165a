import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../../../src/gateway/policy/decide.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import { ALPHA, BETA, decisionTable, NONE, named, projects, rules, who, withoutProjects } from './decision-table.ts'

for (const [name, reason, access, principal, project, selected, use = 'read'] of decisionTable) {
  test(name, () => {
    const decision = decide({ access, use, principal, named: project, selected }, rules, projects)
    assert.equal(decision.reason, reason)
  })
}

for (const [name, reason, access, principal, project, selected, use = 'read'] of withoutProjects) {
  test(`without any known projects, ${name}: ${reason}`, () => {
    const decision = decide({ access, use, principal, named: project, selected }, rules, undefined)
    assert.equal(decision.reason, reason)
  })
}

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
