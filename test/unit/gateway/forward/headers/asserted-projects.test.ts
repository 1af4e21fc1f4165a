import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assertedProjects,
  MAX_ASSERTED_PROJECTS,
} from '../../../../../src/gateway/forward/headers/asserted-projects.ts'
import { ListedProjects } from '../../../../../src/gateway/policy/listed-projects.ts'
import type { Principal } from '../../../../../src/gateway/policy/types.ts'

const project = (number: number, groups: string[], viewerGroups: string[] = []) => ({
  id: `${String(number).padStart(8, '0')}-1111-4111-8111-111111111111`,
  name: `project ${String(number).padStart(3, '0')}`,
  groups,
  viewerGroups,
})
const who = (...groups: string[]): Principal => ({
  issuer: 'https://sso.example',
  subject: 'dave-id',
  kind: 'person',
  username: 'dave',
  groups: new Set(groups),
  projectIds: new Set(),
})
const alpha = project(1, ['alpha'])
const beta = project(2, ['beta'], ['readers'])
const projects = new ListedProjects([alpha, beta])

test('lists the memberships with the role in each', () => {
  assert.deepEqual(assertedProjects(who('alpha', 'readers'), 'editor', undefined, projects), [
    { id: alpha.id, name: alpha.name, role: 'editor' },
    { id: beta.id, name: beta.name, role: 'viewer' },
  ])
})

test('lists only the project that is named or selected', () => {
  const member = who('alpha', 'readers')
  assert.deepEqual(assertedProjects(member, 'viewer', beta, projects), [
    { id: beta.id, name: beta.name, role: 'viewer' },
  ])
  assert.deepEqual(assertedProjects(who('admins'), 'admin', beta, projects), [
    { id: beta.id, name: beta.name, role: 'editor' },
  ])
})

test('lists nothing for an administrator without a project, because the role says it already', () => {
  assert.equal(assertedProjects(who('admins', 'alpha'), 'admin', undefined, projects), undefined)
})

test('lists no project for a user without one', () => {
  assert.deepEqual(assertedProjects(who(), 'user', undefined, projects), [])
})

test('keeps the assertion small for any number of projects', () => {
  const many = Array.from({ length: 300 }, (_, index) => project(index, ['everywhere']))
  const listed = assertedProjects(who('everywhere'), 'editor', undefined, new ListedProjects(many)) ?? []
  assert.equal(listed.length, MAX_ASSERTED_PROJECTS)
  assert.ok(JSON.stringify(listed).length < 12_000)
})
