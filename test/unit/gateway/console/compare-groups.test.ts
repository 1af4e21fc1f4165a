import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ComparedDecision, compareGroups } from '../../../../src/gateway/console/why/compare-groups.ts'
import { stepViews } from '../../../../src/gateway/console/why/verdict.ts'

const beta = { name: 'beta', groups: ['project-beta', 'leads'], viewerGroups: ['auditors'] }
const base: ComparedDecision = {
  ...{ reason: 'not-in-project', who: 'bob', held: ['project-alpha'], adminGroup: 'modelops-admins' },
  claimed: { by: 'name', value: 'beta' },
}

const rows: [name: string, Partial<ComparedDecision>, conclusion: string, needed: string[]][] = [
  [
    'a project of other groups',
    { project: beta },
    'bob is in no group of the project beta. Missing: one of the groups project-beta, leads, auditors.',
    ['project-beta missing', 'leads missing', 'auditors missing'],
  ],
  [
    'a project of one group',
    { project: { name: 'gamma', groups: ['g'], viewerGroups: [] } },
    'bob is in no group of the project gamma. Missing: the group g.',
    ['g missing'],
  ],
  ['no such project', {}, 'There is no project beta, or more than one project has this name.', []],
  [
    'a project without groups',
    { project: { name: 'gamma', groups: [], viewerGroups: [] } },
    'The project gamma has no groups: only administrators reach it.',
    [],
  ],
  [
    'a project of a claim',
    { project: beta, projectsClaim: 'project_ids' },
    'The claim project_ids of bob does not contain beta.',
    ['project-beta missing', 'leads missing', 'auditors missing'],
  ],
  [
    'a viewer who writes',
    { reason: 'viewer-read-only', project: beta, held: ['auditors'] },
    'bob may only read in the project beta. Missing: project-beta, leads.',
    ['project-beta missing', 'leads missing'],
  ],
  [
    'a viewer by a rule who writes: no group is missing, the rule says so',
    {
      ...{ reason: 'viewer-read-only', project: { ...beta, id: 'b' }, held: [] },
      grants: [{ projectId: 'b', role: 'viewer', rule: 'read-beta' }],
    },
    'The rule read-beta makes bob a viewer of the project beta. To permit writing, set role: editor in the rule.',
    ['project-beta missing', 'leads missing'],
  ],
  [
    'a caller whose rule is for another project',
    { project: { ...beta, id: 'b' }, held: [], grants: [{ projectId: 'a', role: 'editor', rule: 'train-alpha' }] },
    'No rule that matches the token gives bob the project beta: the rule train-alpha is for other projects. Add a rule for this project, or add the caller to one of the groups project-beta, leads, auditors.',
    ['project-beta missing', 'leads missing', 'auditors missing'],
  ],
  [
    'something for administrators',
    { reason: 'admin-only' },
    'Only administrators may do this. bob is not in the group modelops-admins.',
    ['modelops-admins missing'],
  ],
  ['a member of nothing', { reason: 'not-a-member' }, 'None of the groups of bob belongs to a project.', []],
]

for (const [name, more, conclusion, needed] of rows)
  test(`compares groups for ${name}`, () => {
    const view = compareGroups({ ...base, ...more })
    assert.equal(view?.conclusion, conclusion)
    assert.deepEqual(
      view?.needed.map(({ group, isHeld }) => `${group} ${isHeld ? 'present' : 'missing'}`),
      needed,
    )
  })

for (const reason of ['upstream-down', 'login-required', 'path-ambiguous', 'app-denied'])
  test(`groups decided nothing for ${reason}`, () => assert.equal(compareGroups({ ...base, reason }), undefined))

test('steps: what came before passed, what came after was not reached', () => {
  const states = (step: Parameters<typeof stepViews>[0]) =>
    stepViews(step).map(({ title, state }) => `${title}: ${state}`)
  assert.deepEqual(states('host').slice(0, 3), ['Request syntax: passed', 'Host: denied', 'Route: skipped'])
  assert.deepEqual(states('endpoint'), ['Request syntax: passed', 'Host: passed', 'Endpoint of the gateway: denied'])
  assert.deepEqual(states('forward').at(-1), 'Forwarding: denied')
  assert.equal(states('forward').filter((each) => each.endsWith('skipped')).length, 0)
  const allowed = states(undefined)
  const [last, next] = [
    ['Decision: passed', 'Audit trail: skipped'],
    ['Application rules: skipped', 'Forwarding: skipped'],
  ]
  assert.deepEqual(allowed.slice(-4), [...last, ...next])
})
