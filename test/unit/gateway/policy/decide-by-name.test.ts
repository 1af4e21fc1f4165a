import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClaimedProjects } from '../../../../src/gateway/policy/claimed-projects.ts'
import { decide } from '../../../../src/gateway/policy/decide.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import type { Decision, Principal, Use } from '../../../../src/gateway/policy/types.ts'
import type { NamedProject } from '../../../../src/shared/project-id.ts'
import { ALPHA, BETA, NONE, named, rules, who } from './decision-table.ts'

const GAMMA = '33333333-3333-4333-8333-333333333333'
const DELTA = '44444444-4444-4444-8444-444444444444'
const projects = new ListedProjects([
  { id: ALPHA, name: 'alpha', groups: ['a'], viewerGroups: ['auditors'], previousNames: ['first', 'beta'] },
  { id: BETA, name: 'beta', groups: ['b'], viewerGroups: [] },
  { id: GAMMA, name: 'twice', groups: ['a'], viewerGroups: [] },
  { id: DELTA, name: 'twice', groups: ['a'], viewerGroups: [] },
])

type Row = [what: string, Decision['reason'], who: Principal | undefined, name: string, named?: NamedProject, use?: Use]
const rows: Row[] = [
  ['a member', 'project-member', who('a'), 'alpha'],
  ['a viewer who reads', 'project-viewer', who('auditors'), 'alpha'],
  ['a viewer who writes', 'viewer-read-only', who('auditors'), 'alpha', NONE, 'write'],
  ['an administrator', 'admin', who('modelops-admins'), 'alpha'],
  ['a member, by a previous name', 'project-member', who('a'), 'first'],
  ['a member who names the same project by ID', 'project-member', who('a'), 'alpha', named(ALPHA)],
  ['nobody', 'login-required', undefined, 'alpha'],
  ['a member of another project', 'not-in-project', who('b'), 'alpha'],
  ['a member of another project, beside the ID of this one', 'not-in-project', who('b'), 'alpha', named(ALPHA)],
  ['a member, by a name that nothing has', 'not-in-project', who('a'), 'nothing'],
  ['an administrator, by a name that nothing has', 'not-in-project', who('modelops-admins'), 'nothing'],
  ['a member of the project that had the name before', 'not-in-project', who('a'), 'beta'],
  ['a member of two projects of the same name', 'not-in-project', who('a'), 'twice'],
  ['a member, by the ID as a name', 'not-in-project', who('a'), ALPHA],
  ['a member, by another case', 'not-in-project', who('a'), 'Alpha'],
  ['a member who names another project by ID', 'project-ambiguous', who('a', 'b'), 'alpha', named(BETA)],
  ['a member, beside a malformed ID', 'project-malformed', who('a'), 'alpha', { kind: 'malformed' }],
  ['a member, beside two IDs', 'project-ambiguous', who('a'), 'alpha', { kind: 'ambiguous' }],
]
for (const access of ['project', 'member', 'login'] as const)
  for (const [what, reason, principal, projectName, byId = NONE, use = 'read'] of rows)
    test(`${access} route, ${what}: ${reason}`, () => {
      const decision = decide({ access, use, principal, named: byId, projectName, selected: BETA }, rules, projects)
      assert.equal(decision.reason, reason)
      if (decision.allow) assert.equal(decision.project?.id, ALPHA)
    })

for (const byId of [NONE, named(ALPHA), named(BETA), named(GAMMA)])
  test(`a name is denied in the same way whether it exists or not, beside ${JSON.stringify(byId)}`, () => {
    const ask = (projectName: string) =>
      decide(
        { access: 'project', use: 'read', principal: who('b'), named: byId, projectName, selected: BETA },
        rules,
        projects,
      )
    assert.deepEqual(ask('alpha'), ask('nothing'))
    assert.equal(ask('alpha').allow, false)
  })

test('without any known projects no name is denied for good', () => {
  const question = { access: 'project', use: 'read', principal: who('a'), named: NONE, selected: undefined } as const
  assert.equal(decide({ ...question, projectName: 'alpha' }, rules, undefined).reason, 'projects-down')
})

test('projects of a claim have no names', () => {
  const principal = { ...who(), projectIds: new Set([ALPHA]) }
  const question = { access: 'project', use: 'read', principal, named: NONE, selected: undefined } as const
  for (const projectName of ['alpha', ALPHA])
    assert.equal(decide({ ...question, projectName }, rules, new ClaimedProjects()).reason, 'not-in-project')
})
