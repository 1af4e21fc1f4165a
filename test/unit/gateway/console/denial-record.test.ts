import assert from 'node:assert/strict'
import { test } from 'node:test'
import { profileOf } from '../../../../src/gateway/apps/profile-of.ts'
import { DenialJournal } from '../../../../src/gateway/console/denials/denial-journal.ts'
import { denialRecordOf } from '../../../../src/gateway/console/denials/denial-record.ts'
import { Refusal } from '../../../../src/gateway/errors.ts'
import { parseTarget } from '../../../../src/gateway/http/target.ts'
import { ListedProjects } from '../../../../src/gateway/policy/listed-projects.ts'
import { openContext, type RequestContext } from '../../../../src/gateway/routing/request-context.ts'
import { buildRoutes } from '../../../../src/gateway/routing/routes.ts'
import { SealedJournal } from '../../../../src/gateway/sessions/journal/sealed-journal.ts'
import { MemoryBackend } from '../../../../src/gateway/sessions/stores/memory.ts'
import { SECRET } from '../sessions/kit.ts'
import { ALPHA, BETA, testConfig } from '../signin/kit.ts'

const config = testConfig({ url: 'https://sso.example', clientId: 'gateway', secret: 'the secret of the gateway' })
const routes = buildRoutes(config, profileOf)
const projects = new ListedProjects(config.projects.source === 'static' ? config.projects.list : [])
const denial = new Refusal('not-in-project', 'decision: not-in-project')

function contextOf(target: string, rawHeaders: string[] = [], groups: string[] = ['project-alpha']): RequestContext {
  const context = openContext({
    ...{ method: 'GET', target, host: 'o.example', httpVersion: '1.1', rawHeaders, requestId: 'id-1' },
    headers: { cookie: 'a=SECRET-COOKIE', authorization: 'Bearer SECRET-TOKEN' },
    ...{ peerAddress: '127.0.0.1', clientAddress: '192.0.2.7' },
  })
  context.target = parseTarget(target)
  context.host = 'o.example'
  context.route = routes.match('o.example', context.target.path)
  const principal = {
    ...{ issuer: 'https://sso.example', subject: 'bob-sub', kind: 'person' as const, username: 'bob' },
    ...{ groups: new Set(groups), projectIds: new Set<string>() },
  }
  context.caller = { principal, via: 'bearer', token: 'SECRET-TOKEN' }
  return context
}

const recordOf = (context: RequestContext) => denialRecordOf(context, denial, projects, 1000)

test('a denial has what the decision compared, and no query, cookie or token', () => {
  const record = recordOf(contextOf(`/airflow/x?projectId=${BETA}&code=SECRET-CODE`))
  assert.deepEqual(record, {
    ...{ requestId: 'id-1', at: 1000, reason: 'not-in-project', status: 403, detail: 'decision: not-in-project' },
    ...{ step: 'decide', method: 'GET', host: 'o.example', path: '/airflow/x', route: 'airflow', access: 'member' },
    ...{ use: record.use, client: '192.0.2.7' },
    caller: {
      ...{ issuer: 'https://sso.example', subject: 'bob-sub', kind: 'person', username: 'bob', via: 'bearer' },
      groups: ['project-alpha'],
    },
    claimed: { by: 'id', value: BETA },
    project: { id: BETA, name: 'beta', groups: ['project-beta'], viewerGroups: [] },
  })
  assert.ok(!JSON.stringify(record).includes('SECRET'))
})

const claims: [name: string, target: string, rawHeaders: string[], claimed: unknown][] = [
  ['a name in the path', '/mlflow/beta/', [], { by: 'name', value: 'beta' }],
  ['an ID in the path', `/mlflow/${ALPHA}/`, [], { by: 'id', value: ALPHA }],
  ['a header', '/airflow/', ['AOA-Project-ID', ALPHA], { by: 'id', value: ALPHA }],
  ['two projects', `/airflow/?projectId=${BETA}`, ['AOA-Project-ID', ALPHA], { by: 'ambiguous' }],
  ['no UUID', '/airflow/?projectId=x', [], { by: 'malformed' }],
  ['nothing', '/airflow/', [], undefined],
  ['no route', '/nowhere', [], undefined],
]
for (const [name, target, rawHeaders, claimed] of claims)
  test(`the project that a request named: ${name}`, () =>
    assert.deepEqual(recordOf(contextOf(target, rawHeaders)).claimed, claimed))

test('the selection of the browser counts where the request names no project', () => {
  const context = contextOf('/airflow/')
  const session = { selectedProject: BETA } as never
  context.caller = { ...(context.caller as NonNullable<typeof context.caller>), session }
  assert.deepEqual(recordOf(context).claimed, { by: 'selection', value: BETA })
  assert.equal(recordOf(context).project?.name, 'beta')
})

test('a request that could not be read, and projects that are not known yet, give a shorter record', () => {
  const context = contextOf(`/airflow/?projectId=${BETA}`)
  assert.equal(denialRecordOf(context, denial, undefined, 0).project, undefined)
  const unread = { ...context, target: undefined, host: '', route: undefined, caller: undefined }
  const record = recordOf(unread)
  assert.deepEqual(
    [record.step, record.path, record.host, record.caller],
    ['syntax', undefined, 'o.example', undefined],
  )
})

test('a record has a limited size, whatever the request and the claims contain', () => {
  for (const [length, kept] of [
    [10, 100],
    [1000, 3],
    [5000, 0],
  ] as const) {
    const groups = Array.from({ length: 5000 }, (_, n) => `${'g'.repeat(length)}${n}`)
    const record = recordOf(contextOf(`/airflow/${'a'.repeat(10_000)}`, [], groups))
    assert.deepEqual([record.caller?.groups.length, record.caller?.moreGroups ?? 0], [kept, 5000 - kept])
    assert.ok(JSON.stringify(record).length < 15_000, String(JSON.stringify(record).length))
  }
})

test('keeping a denial costs microseconds', (t) => {
  const clock = () => 1_000_000
  const context = contextOf(`/airflow/x?projectId=${BETA}`)
  const best = (work: () => void) => {
    let microseconds = Number.POSITIVE_INFINITY
    for (let round = 0; round < 20; round++) {
      const startedAt = performance.now()
      for (let n = 0; n < 1000; n++) work()
      microseconds = Math.min(microseconds, performance.now() - startedAt)
    }
    return microseconds
  }
  const made = best(() => void recordOf(context))
  const journal = new SealedJournal(new MemoryBackend(clock), [SECRET])
  const denials = new DenialJournal({ clock, journal: () => journal })
  const limited = best(() => denials.add('known', 'bob', () => recordOf(context)))
  t.diagnostic(`a record: ${made.toFixed(2)} µs; one that is not kept: ${limited.toFixed(2)} µs`)
  // Far from what is measured, so that the load of the machine does not matter.
  assert.ok(made < 200 && limited < 50, `${made} ${limited}`)
})

test('the rules that made the caller a member are kept, for the question what would be decided now', () => {
  const grants = [{ projectId: ALPHA, role: 'viewer' as const, rule: 'read-alpha' }]
  const context = contextOf('/airflow/')
  const caller = context.caller as NonNullable<typeof context.caller>
  context.caller = { ...caller, principal: { ...caller.principal, grants } }
  assert.deepEqual(recordOf(context).caller?.grants, grants)
  const many = Array.from({ length: 100 }, () => grants[0] as (typeof grants)[0])
  context.caller = { ...caller, principal: { ...caller.principal, grants: many } }
  assert.equal(recordOf(context).caller?.grants?.length, 20)
})
