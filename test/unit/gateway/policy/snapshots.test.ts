import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClaimedProjects } from '../../../../src/gateway/policy/claimed-projects.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import { byName } from '../../../../src/gateway/policy/membership.ts'
import { reachableProjects } from '../../../../src/gateway/policy/reachable.ts'
import { isWeaker } from '../../../../src/gateway/policy/roles.ts'
import type { Project, Role } from '../../../../src/gateway/policy/types.ts'
import { ALPHA, BETA, rules, who } from './decision-table.ts'

const GAMMA = '33333333-3333-4333-8333-333333333333'
const project = (id: string, name: string, groups: string[] = [], more: Partial<Project> = {}): Project => ({
  ...{ id, name, groups, viewerGroups: [] },
  ...more,
})
const [alpha, beta, gamma] = [
  project(ALPHA, 'alpha', ['a', 'both']),
  project(BETA, 'beta', ['b', 'both']),
  project(GAMMA, 'beta'),
]
const listed = new ListedProjects([gamma, beta, alpha])

test('projects are sorted by name, and by ID where names are equal', () => {
  assert.deepEqual(listed.all(), [alpha, beta, gamma])
  for (const [first, second] of [
    [alpha, beta],
    [beta, gamma],
    [project(GAMMA, 'alpha'), beta],
  ] as const) {
    assert.equal(byName(first, second), -1)
    assert.equal(byName(second, first), 1)
  }
  assert.equal(byName(beta, { ...beta }), 0)
})

test('a group of two projects makes a member of both, sorted by name', () => {
  const found = listed.memberships(who('both', 'elsewhere'))
  assert.deepEqual(found, [
    { project: alpha, role: 'editor' },
    { project: beta, role: 'editor' },
  ])
})

test('the memberships of a principal are found once', () => {
  const principal = who('both')
  assert.equal(listed.memberships(principal), listed.memberships(principal))
  assert.ok(Object.isFrozen(listed.memberships(principal)))
  assert.deepEqual(listed.memberships(who('both')), listed.memberships(principal))
})

test('a list without projects has none', () => {
  const empty = new ListedProjects()
  assert.deepEqual(empty.all(), [])
  assert.equal(empty.find(ALPHA), undefined)
  assert.equal(empty.findByName('alpha'), undefined)
  assert.equal(empty.membership(who('a'), ALPHA), undefined)
  assert.deepEqual(empty.memberships(who('a')), [])
})

test('a previous name that one project has twice leads to it, one that two projects have to neither', () => {
  const previous = new ListedProjects([
    project(ALPHA, 'alpha', [], { previousNames: ['first', 'first', 'old'] }),
    project(BETA, 'beta', [], { previousNames: ['old'] }),
  ])
  assert.equal(previous.findByName('first')?.id, ALPHA)
  assert.equal(previous.findByName('old'), undefined)
})

test('everybody reaches the own projects, an administrator all of them', () => {
  assert.deepEqual(reachableProjects(listed, who('a'), rules), [{ project: alpha, role: 'editor' }])
  assert.deepEqual(reachableProjects(listed, who('elsewhere'), rules), [])
  assert.deepEqual(
    reachableProjects(listed, who('modelops-admins'), rules),
    [alpha, beta, gamma].map((each) => ({ project: each, role: 'admin' })),
  )
})

test('where claims name the projects, an ID in lower case is a project without groups', () => {
  const claimed = new ClaimedProjects()
  assert.deepEqual(claimed.find(ALPHA), { id: ALPHA, name: ALPHA, groups: [], viewerGroups: [] })
  const upper = 'AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA'
  for (const text of ['', 'alpha', `${ALPHA} `, upper]) assert.equal(claimed.find(text), undefined, text)
  assert.deepEqual(claimed.all(), [])
  assert.equal(claimed.findByName(), undefined)
})

test('a claim with something else than an ID names no project', () => {
  const principal = { ...who(), projectIds: new Set(['alpha', BETA, '', ALPHA]) }
  assert.deepEqual(
    new ClaimedProjects().memberships(principal).map(({ project: { id }, role }) => [id, role]),
    [
      [ALPHA, 'editor'],
      [BETA, 'editor'],
    ],
  )
})

const ASCENDING: Role[] = ['anonymous', 'user', 'viewer', 'editor', 'admin']
for (const [at, role] of ASCENDING.entries())
  test(`${role}: is weaker than what comes after it, and than nothing else`, () => {
    for (const [place, other] of ASCENDING.entries()) assert.equal(isWeaker(role, other), at < place, other)
  })
