import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../../../src/gateway/policy/decide.ts'
import type { Authentication, Shortfall, StepUp } from '../../../../src/gateway/policy/step-up.ts'
import type { Access, Principal } from '../../../../src/gateway/policy/types.ts'
import { ALPHA, BETA, NONE, named, projects, rules, who } from './decision-table.ts'

const NOW = Date.UTC(2026, 0, 1)
const RULE: StepUp = {
  acr: ['gold', 'hardware'],
  maxAgeSeconds: undefined,
  clockSkewSeconds: 60,
  permitsMachines: false,
}
const AGED: StepUp = { ...RULE, acr: undefined, maxAgeSeconds: 600 }
const BOTH: StepUp = { ...RULE, maxAgeSeconds: 600 }
const secondsAgo = (seconds: number) => ({ authenticatedAt: NOW - seconds * 1000 })
const member = who('project-alpha')
const machine: Principal = { ...member, kind: 'machine', clientId: 'ci' }

const lacks = (rule: StepUp, authentication: Authentication, principal: Principal = member) => {
  const stepUp = { rule, authentication, now: NOW }
  const question = {
    access: 'project',
    use: 'read',
    principal,
    named: named(ALPHA),
    selected: undefined,
    stepUp,
  } as const
  const decision = decide(question, rules, projects)
  if (decision.allow) return undefined
  return decision.reason === 'step-up-required' ? decision.shortfall : decision.reason
}
const acr = (got?: string): Shortfall => ({ kind: 'acr', expected: ['gold', 'hardware'], got })
const age = (seconds?: number): Shortfall => ({ kind: 'age', maxAgeSeconds: 600, seconds })

const rows: [string, Shortfall | undefined, StepUp, Authentication, Principal?][] = [
  ['one of the levels', undefined, RULE, { acr: 'hardware' }],
  ['another level', acr('silver'), RULE, { acr: 'silver' }],
  ['no level: a session of a previous version', acr(), RULE, secondsAgo(1)],
  ['a level in another case', acr('Gold'), RULE, { acr: 'Gold' }],
  ['all the levels in one text', acr('gold hardware'), RULE, { acr: 'gold hardware' }],
  ['a recent authentication', undefined, AGED, secondsAgo(600)],
  ['one that is as old as the clocks may differ', undefined, AGED, secondsAgo(660)],
  ['one that is too old', age(661), AGED, secondsAgo(661)],
  ['one at an unknown time', age(), AGED, { acr: 'gold' }],
  ['a level that was reached too long ago', age(5000), BOTH, { acr: 'gold', ...secondsAgo(5000) }],
  ['a recent authentication without the level', acr(), BOTH, secondsAgo(1)],
  ['both', undefined, BOTH, { acr: 'gold', ...secondsAgo(1) }],
  ['a machine', { kind: 'machine' }, BOTH, {}, machine],
  ['a machine that claims a level', { kind: 'machine' }, RULE, { acr: 'gold' }, machine],
  ['a machine that is permitted', undefined, { ...BOTH, permitsMachines: true }, {}, machine],
  ['a person where machines are permitted', acr(), { ...BOTH, permitsMachines: true }, {}],
]
for (const [name, expected, rule, authentication, principal] of rows)
  test(`${name}: ${expected === undefined ? 'allowed' : 'denied'}`, () => {
    assert.deepEqual(lacks(rule, authentication, principal), expected)
  })

test('whoever is denied anyway is not asked to authenticate again', () => {
  const stepUp = { rule: BOTH, authentication: {}, now: NOW }
  const reasonOf = (access: Access, principal: Principal | undefined, project = NONE) =>
    decide({ access, use: 'read', principal, named: project, selected: undefined, stepUp }, rules, projects).reason
  assert.equal(reasonOf('project', undefined), 'login-required')
  assert.equal(reasonOf('project', member, named(BETA)), 'not-in-project')
  assert.equal(reasonOf('admin', member), 'admin-only')
  assert.equal(reasonOf('admin', who('modelops-admins')), 'step-up-required', 'an administrator as well')
  assert.equal(reasonOf('public', member), 'public-route', 'what an application serves to everybody')
})
