import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../../../src/gateway/policy/decide.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import type { Decision, Principal, Question, Use } from '../../../../src/gateway/policy/types.ts'
import type { NamedProject } from '../../../../src/shared/project-id.ts'
import { ALPHA, BETA, NONE, named, rules, who } from './decision-table.ts'

const projects = new ListedProjects([
  { id: ALPHA, name: 'alpha', groups: ['a'], viewerGroups: ['auditors'] },
  { id: BETA, name: 'beta', groups: ['b'], viewerGroups: [] },
])
const TEAM_A = { name: 'team-a', projectId: ALPHA }
const UNKNOWN = { name: 'team-x', projectId: undefined }
const GONE = { name: 'team-y', projectId: '99999999-9999-4999-8999-999999999999' }
const MALFORMED: NamedProject = { kind: 'malformed' }

interface Row {
  readonly what: string
  readonly who: Principal | undefined
  readonly reason: Decision['reason']
  readonly namespace?: Question['namespace']
  readonly named?: NamedProject
  readonly name?: string
  readonly use?: Use
}
const rows: Row[] = [
  { what: 'a member', who: who('a'), reason: 'project-member' },
  { what: 'a viewer who writes', who: who('auditors'), reason: 'viewer-read-only', use: 'write' },
  { what: 'an administrator', who: who('modelops-admins'), reason: 'admin' },
  { what: 'nobody', who: undefined, reason: 'login-required' },
  { what: 'a member of another project', who: who('b'), reason: 'not-in-project' },
  { what: 'a namespace of no project', who: who('a'), reason: 'not-in-project', namespace: UNKNOWN },
  {
    what: 'an administrator, of no project',
    who: who('modelops-admins'),
    reason: 'not-in-project',
    namespace: UNKNOWN,
  },
  { what: 'a project that is gone', who: who('modelops-admins'), reason: 'not-in-project', namespace: GONE },
  { what: 'the same by ID', who: who('a'), reason: 'project-member', named: named(ALPHA) },
  { what: 'another by ID', who: who('a', 'b'), reason: 'project-ambiguous', named: named(BETA) },
  { what: 'the same by name', who: who('a'), reason: 'project-member', name: 'alpha' },
  { what: 'another by name', who: who('a', 'b'), reason: 'project-ambiguous', name: 'beta' },
  { what: 'a name of others', who: who('a'), reason: 'not-in-project', name: 'beta' },
  { what: 'beside a malformed ID', who: who('a'), reason: 'project-malformed', named: MALFORMED },
  { what: 'beside two IDs', who: who('a'), reason: 'project-ambiguous', named: { kind: 'ambiguous' } },
  // A namespace of no project is never ignored in favour of what else the request names.
  { what: 'no project beside an ID', who: who('a'), reason: 'not-in-project', namespace: UNKNOWN, named: named(ALPHA) },
  { what: 'no project beside a name', who: who('a'), reason: 'not-in-project', namespace: UNKNOWN, name: 'alpha' },
]
for (const access of ['project', 'member', 'login'] as const)
  for (const { what, reason, who: principal, namespace = TEAM_A, named: byId = NONE, name, use = 'read' } of rows)
    test(`${access} route, by namespace, ${what}: ${reason}`, () => {
      const question = { access, use, principal, named: byId, projectName: name, namespace, selected: ALPHA }
      const decision = decide(question, rules, projects)
      assert.equal(decision.reason, reason)
      if (decision.allow) assert.equal(decision.project?.id, ALPHA)
    })

for (const byId of [NONE, named(ALPHA), named(BETA)])
  test(`nobody learns by ${JSON.stringify(byId)} which project a namespace of others stands for`, () => {
    const ask = (namespace: Question['namespace']) =>
      decide(
        { access: 'project', use: 'read', principal: who('b'), named: byId, namespace, selected: BETA },
        rules,
        projects,
      )
    assert.deepEqual(ask(TEAM_A), ask(UNKNOWN))
  })

test('without any known projects, a namespace is denied as projects-down', () => {
  const question = { access: 'project', use: 'read', principal: who('a'), named: NONE, selected: undefined } as const
  assert.equal(decide({ ...question, namespace: TEAM_A }, rules, undefined).reason, 'projects-down')
})
