import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { pino } from 'pino'
import type { Principal, Question } from '../../../../src/gateway/policy/types.ts'
import { CoreProjects } from '../../../../src/gateway/projects/core.ts'
import { currentProjectOf, currentProjectsOf } from '../../../../src/gateway/projects/current-projects-of.ts'
import { decideNow } from '../../../../src/gateway/projects/decide-now.ts'
import { currentProjects } from '../../../../src/gateway/projects/source.ts'

const ALPHA = { id: '11111111-1111-4111-8111-111111111111', name: 'alpha', groups: ['a'], viewerGroups: [] }
const alice = { groups: new Set(['a']) } as unknown as Principal

let respond: RequestListener
let asked: (string | undefined)[] = []
const server = createServer((request, response) => {
  asked.push(request.headers['if-none-match'])
  respond(request, response)
})
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
after(() => void server.close())
beforeEach(() => {
  asked = []
})

const lines: string[] = []
const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
const source = (token = async () => 'token') =>
  new CoreProjects({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refreshSeconds: 10,
    token,
    log,
  })

const projects = (list: unknown, tag = '"7"'): RequestListener => {
  return (request, response) => {
    if (request.headers['if-none-match'] === tag) return void response.writeHead(304).end()
    response.writeHead(200, { etag: tag }).end(JSON.stringify({ projects: list }))
  }
}

const rules = { adminGroup: 'admins', serviceUsers: new Set<string>() }
const question = (id: string, principal: Principal = alice): Question => ({
  access: 'project',
  use: 'read',
  principal,
  named: { kind: 'named', id },
  selected: undefined,
})

test('before the core API has ever responded, nobody is told that a project does not exist', async () => {
  respond = (_request, response) => void response.writeHead(503).end()
  const core = source()
  await core.refresh()
  assert.equal(core.snapshot(), undefined)
  assert.equal(decideNow(question(ALPHA.id), rules, core).reason, 'projects-down')
  const deps = { projects: core, rules }
  for (const ask of [
    () => currentProjects(core),
    () => currentProjectsOf(deps, alice),
    () => currentProjectOf(deps, alice, ALPHA.id),
  ])
    assert.throws(ask, { reason: 'projects-down', headers: { 'Retry-After': '5' } })
})

test('projects are taken over, and unchanged ones are not sent again', async () => {
  respond = projects([ALPHA])
  const core = source()
  await core.refresh()
  const snapshot = core.snapshot()
  assert.equal(snapshot?.membership(alice, ALPHA.id), 'editor')
  await core.refresh()
  assert.deepEqual(asked, [undefined, '"7"'])
  assert.equal(core.snapshot(), snapshot)
})

test('a core API without any project is known to have none', async () => {
  respond = projects([])
  const core = source()
  await core.refresh()
  assert.deepEqual(core.snapshot()?.all(), [])
})

test('a new project is fetched soon after a request names it, and made-up IDs fetch once', async () => {
  respond = projects([])
  const core = source()
  await core.refresh()
  respond = projects([ALPHA], '"8"')
  asked = []
  for (let count = 0; count < 50; count++)
    assert.equal(decideNow(question(ALPHA.id), rules, core).reason, 'not-in-project')
  await core.refresh()
  assert.equal(core.snapshot()?.find(ALPHA.id)?.name, 'alpha')
  assert.equal(asked.length, 1)
})

test('a snapshot never changes: a removed group takes effect with the next one', async () => {
  respond = projects([ALPHA])
  const core = source()
  await core.refresh()
  const before = core.snapshot()
  respond = projects([{ ...ALPHA, groups: ['b'] }], '"8"')
  await core.refresh()
  assert.equal(core.snapshot()?.membership(alice, ALPHA.id), undefined)
  assert.equal(before?.membership(alice, ALPHA.id), 'editor')
})

const faults: [string, RequestListener][] = [
  ['is down', (_request, response) => void response.destroy()],
  ['fails', (_request, response) => void response.writeHead(500).end('oops')],
  ['refuses the service user', (_request, response) => void response.writeHead(403).end('{}')],
  ['redirects', (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ['responds with a page', (_request, response) => void response.writeHead(200).end('<html>')],
  ['responds with something else', (_request, response) => void response.writeHead(200).end('{"projects": {}}')],
  ['responds with projects of another shape', projects([{ id: 'x', name: 'x', groups: [] }], '"9"')],
]
for (const [what, listener] of faults)
  test(`while the core API ${what}, the last known projects stay in use`, async () => {
    respond = projects([ALPHA])
    const core = source()
    await core.refresh()
    respond = listener
    await core.refresh()
    await core.refresh()
    assert.equal(core.snapshot()?.find(ALPHA.id)?.name, 'alpha')
    respond = projects([ALPHA, { ...ALPHA, id: ALPHA.id.replace('1', '2'), name: 'beta' }], '"10"')
    await core.refresh()
    assert.equal(core.snapshot()?.all().length, 2)
  })

test('a failing core API is logged once, and so is its recovery, without the token', async () => {
  lines.length = 0
  respond = faults[1]?.[1] as RequestListener
  const core = source(async () => 'needle-token')
  for (let count = 0; count < 3; count++) await core.refresh()
  respond = projects([ALPHA])
  await core.refresh()
  assert.equal(lines.filter((line) => line.includes('projects-down')).length, 1)
  assert.equal(lines.filter((line) => line.includes('projects-reloaded')).length, 1)
  assert.ok(!lines.join('').includes('needle-token'))
})

test('a service user that gets no token leaves the projects as they are', async () => {
  respond = projects([ALPHA])
  let works = true
  const core = source(async () => {
    if (!works) throw new Error('invalid_client')
    return 'token'
  })
  await core.refresh()
  works = false
  await core.refresh()
  assert.equal(core.snapshot()?.all().length, 1)
})
