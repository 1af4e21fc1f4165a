import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import type { Principal, Question } from '../../../../src/gateway/policy/types.ts'
import { currentProjectOf } from '../../../../src/gateway/projects/current-projects-of.ts'
import { decideNow } from '../../../../src/gateway/projects/decide-now.ts'
import type { ProjectSource } from '../../../../src/gateway/projects/source.ts'

const ALPHA = '11111111-1111-4111-8111-111111111111'
const BETA = '22222222-2222-4222-8222-222222222222'
const UNKNOWN = '99999999-9999-4999-8999-999999999999'
const projects = new ListedProjects([
  { id: ALPHA, name: 'alpha', groups: ['alpha'], viewerGroups: [] },
  { id: BETA, name: 'beta', groups: ['beta'], viewerGroups: [] },
])
const rules = { adminGroup: 'admins', serviceUsers: new Set<string>() }
const who = (...groups: string[]): Principal => ({
  ...{ issuer: 'https://sso.example', subject: 's', kind: 'person', username: 'u' },
  ...{ groups: new Set(groups), projectIds: new Set<string>() },
})
const base: Question = {
  access: 'project',
  use: 'read',
  principal: who('alpha'),
  named: { kind: 'none' },
  selected: undefined,
}
const named = (id: string) => ({ kind: 'named', id }) as const

class CountingSource implements ProjectSource {
  reports = 0
  readonly snapshot = () => projects
  reportUnknown(): void {
    this.reports += 1
  }
}

/** How often the source hears of an unknown project. */
function reports(question: Partial<Question>): number {
  const source = new CountingSource()
  decideNow({ ...base, ...question }, rules, source)
  return source.reports
}

const rows: [string, number, Partial<Question>][] = [
  ['an unknown named project', 1, { named: named(UNKNOWN) }],
  ['an unknown named project, asked for by an administrator', 1, { named: named(UNKNOWN), principal: who('admins') }],
  ['an unknown named project on a login route', 1, { named: named(UNKNOWN), access: 'login' }],
  ['an unknown selected project', 1, { selected: UNKNOWN, principal: who('alpha', 'beta') }],
  ['an unknown selected project on a member route', 1, { selected: UNKNOWN, access: 'member' }],
  ['a known named project', 0, { named: named(ALPHA) }],
  ['a known project of somebody else', 0, { named: named(BETA) }],
  ['a known selected project', 0, { selected: ALPHA }],
  ['a selected project that a login route does not look at', 0, { selected: UNKNOWN, access: 'login' }],
  ['an unknown project that nobody who is signed in names', 0, { named: named(UNKNOWN), principal: undefined }],
  ['an unknown project on a public route', 0, { named: named(UNKNOWN), access: 'public' }],
  ['an unknown project behind a denied function', 0, { named: named(UNKNOWN), use: 'denied' }],
  ['an unknown project behind an administrative function', 0, { named: named(UNKNOWN), use: 'admin' }],
  ['a malformed project', 0, { named: { kind: 'malformed' }, selected: UNKNOWN }],
]
for (const [what, count, question] of rows)
  test(`the source of projects hears ${count === 0 ? 'nothing' : 'once'} of ${what}`, () =>
    assert.equal(reports(question), count))

test('selecting an unknown project is denied and reported, selecting a forbidden one is denied', () => {
  const source = new CountingSource()
  const deps = { projects: source, rules }
  assert.equal(currentProjectOf(deps, who('alpha'), BETA), undefined)
  assert.equal(source.reports, 0)
  assert.equal(currentProjectOf(deps, who('admins'), UNKNOWN), undefined)
  assert.equal(source.reports, 1)
  assert.equal(currentProjectOf(deps, who('alpha'), ALPHA)?.name, 'alpha')
})
