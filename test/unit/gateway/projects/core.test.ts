import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { pino } from 'pino'
import type { Principal } from '../../../../src/gateway/policy/types.ts'
import { CoreDirectory } from '../../../../src/gateway/projects/core.ts'

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
const directory = (token = async () => 'token') =>
  new CoreDirectory({
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

test('before the core has ever answered, nobody is told that a project does not exist', async () => {
  respond = (_request, response) => void response.writeHead(503).end()
  const core = directory()
  await core.refresh()
  for (const question of [
    () => core.find(ALPHA.id),
    () => core.membership(alice, ALPHA.id),
    () => core.listFor(alice),
    () => core.all(),
  ])
    assert.throws(question, { reason: 'projects-down' })
})

test('projects are taken over, and unchanged ones are not sent again', async () => {
  respond = projects([ALPHA])
  const core = directory()
  await core.refresh()
  const version = core.version
  assert.equal(core.membership(alice, ALPHA.id), 'editor')
  await core.refresh()
  assert.deepEqual(asked, [undefined, '"7"'])
  assert.equal(core.version, version)
})

test('a core without any project is known to have none', async () => {
  respond = projects([])
  const core = directory()
  await core.refresh()
  assert.deepEqual(core.all(), [])
})

test('a project made a moment ago is asked for when somebody names it, and made-up ids ask once', async () => {
  respond = projects([])
  const core = directory()
  await core.refresh()
  respond = projects([ALPHA], '"8"')
  asked = []
  for (let count = 0; count < 50; count++) assert.equal(core.find(ALPHA.id), undefined)
  await core.refresh()
  assert.equal(core.find(ALPHA.id)?.name, 'alpha')
  assert.equal(asked.length, 1)
})

test('a removed group takes effect with the next answer', async () => {
  respond = projects([ALPHA])
  const core = directory()
  await core.refresh()
  respond = projects([{ ...ALPHA, groups: ['b'] }], '"8"')
  await core.refresh()
  assert.equal(core.membership(alice, ALPHA.id), undefined)
})

const faults: [string, RequestListener][] = [
  ['is down', (_request, response) => void response.destroy()],
  ['fails', (_request, response) => void response.writeHead(500).end('oops')],
  ['refuses the service user', (_request, response) => void response.writeHead(403).end('{}')],
  ['redirects', (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ['answers a page', (_request, response) => void response.writeHead(200).end('<html>')],
  ['answers something else', (_request, response) => void response.writeHead(200).end('{"projects": {}}')],
  ['answers projects of another shape', projects([{ id: 'x', name: 'x', groups: [] }], '"9"')],
]
for (const [what, listener] of faults)
  test(`while the core ${what}, the last known projects stay in force`, async () => {
    respond = projects([ALPHA])
    const core = directory()
    await core.refresh()
    respond = listener
    await core.refresh()
    await core.refresh()
    assert.equal(core.find(ALPHA.id)?.name, 'alpha')
    respond = projects([ALPHA, { ...ALPHA, id: ALPHA.id.replace('1', '2'), name: 'beta' }], '"10"')
    await core.refresh()
    assert.equal(core.all().length, 2)
  })

test('a failing core is logged once, and its recovery too, without the token', async () => {
  lines.length = 0
  respond = faults[1]?.[1] as RequestListener
  const core = directory(async () => 'needle-token')
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
  const core = directory(async () => {
    if (!works) throw new Error('invalid_client')
    return 'token'
  })
  await core.refresh()
  works = false
  await core.refresh()
  assert.equal(core.all().length, 1)
})
