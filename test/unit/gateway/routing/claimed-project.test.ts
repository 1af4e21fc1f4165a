import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimedProject } from '../../../../src/gateway/routing/claimed-project.ts'
import { redirectToCurrentName } from '../../../../src/gateway/routing/current-name.ts'
import type { Caller } from '../../../../src/gateway/tokens/caller.ts'
import { ALPHA, BETA, contextOf, headOf, read, routeOf } from './kit.ts'

const caller = { session: { selectedProject: BETA } } as unknown as Caller

test('a denial says which project was named', () => {
  const claimed = (url: string, headers: string[] = [], route = routeOf()) =>
    claimedProject(contextOf(url, { route, caller }, headOf(headers)))
  assert.deepEqual(claimed(`/app/${ALPHA}/`), { by: 'id', value: ALPHA })
  assert.deepEqual(claimed('/app/alpha/'), { by: 'name', value: 'alpha' })
  assert.deepEqual(claimed('/app/alpha/', ['AOA-Project-ID', ALPHA]), { by: 'name', value: 'alpha' })
  assert.deepEqual(claimed('/app/api'), { by: 'selection', value: BETA })
  assert.deepEqual(claimed('/app/', ['AOA-Project-ID', 'x']), { by: 'malformed' })
  assert.deepEqual(claimed(`/app/${ALPHA}/`, ['AOA-Project-ID', BETA]), { by: 'ambiguous' })
  const pods = routeOf({ namespaces: new Map([['team-a', ALPHA]]) })
  const workspace = (name: string) => claimed('/app/', ['X-MLflow-Workspace', name], pods)
  assert.deepEqual(workspace('team-a'), { by: 'namespace', value: 'team-a', projectId: ALPHA })
  assert.deepEqual(workspace('team-x'), { by: 'namespace', value: 'team-x', projectId: undefined })
})

test('it says nothing where nothing was named, or where the path was denied', () => {
  assert.equal(claimedProject(contextOf('/app/')), undefined)
  assert.equal(claimedProject(contextOf('/app/', { caller: { session: {} } as unknown as Caller })), undefined)
  assert.equal(claimedProject(contextOf('/app/', { caller: {} as unknown as Caller })), undefined)
  assert.equal(claimedProject(contextOf('/app/a%2Fb', { caller })), undefined)
  assert.equal(claimedProject(contextOf(`/app/${ALPHA}/`, { route: undefined, caller })), undefined)
  assert.equal(claimedProject(contextOf(`/app/${ALPHA}/`, { target: undefined, caller })), undefined)
})

const project = (name: string) => ({ id: ALPHA, name, groups: [], viewerGroups: [] })
const redirected = (url: string, name: string | undefined, method = 'GET') => {
  const context = contextOf(url, {}, headOf([], method))
  const reply = redirectToCurrentName(context, routeOf(), read(url), name === undefined ? undefined : project(name))
  return reply && [reply.status, reply.headers[1]]
}

test('a previous name in the path leads to the current one, with the same method', () => {
  assert.deepEqual(redirected('/app/old/x%20y?a=1', 'new'), [302, '/app/new/x%20y?a=1'])
  assert.deepEqual(redirected('/app/old', 'new'), [302, '/app/new'])
  assert.deepEqual(redirected('/app/old/', 'new', 'HEAD'), [302, '/app/new/'])
  for (const method of ['POST', 'DELETE', 'PUT', 'PATCH'])
    assert.deepEqual(redirected('/app/old/x', 'new', method), [308, '/app/new/x'], method)
})

test('a name that is no path segment leads to the ID', () => {
  for (const name of ['Price model', 'api', ALPHA])
    assert.deepEqual(redirected('/app/old/x', name), [302, `/app/${ALPHA}/x`])
})

test('nothing else is redirected', () => {
  assert.equal(redirected('/app/new/x', 'new'), undefined)
  assert.equal(redirected('/app/old/x', undefined), undefined)
  assert.equal(redirected(`/app/${ALPHA}/x`, 'new'), undefined)
  assert.equal(redirected('/app/api', 'new'), undefined)
})
