import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decryptCredentials } from '../../../src/core-api/crypto/credentials.ts'
import {
  ADMIN,
  ALICE,
  ALPHA,
  type CoreUnderTest,
  newConnection,
  SERVICE,
  type Signer,
  startCoreUnderTest,
  startSigner,
} from '../../core/kit.ts'

let signer: Signer
let core: CoreUnderTest
before(async () => {
  signer = await startSigner()
  core = await startCoreUnderTest(signer, 'sqlite::memory:')
})
after(async () => {
  await core.close()
  await signer.close()
})

const PATH = '/api/datasetConnections'
const post = (body: object | string) => core.as(ALICE).post(PATH).set('AOA-Project-ID', ALPHA).send(body)

const good = newConnection('n')
const table: [string, object, string][] = [
  ['no name', { ...good, name: undefined }, 'name'],
  ['an empty name', { ...good, name: '' }, 'name'],
  ['a name with space around it', { ...good, name: ' n' }, 'name'],
  ['a name of two lines', { ...good, name: 'a\nb' }, 'name'],
  ['a name of 201 characters', { ...good, name: 'x'.repeat(201) }, 'name'],
  ['a name that is a number', { ...good, name: 7 }, 'name'],
  ['a lone surrogate', { ...good, description: '\ud800' }, 'description'],
  ['NUL in a description', { ...good, description: 'a\0b' }, 'description'],
  ['no host', { ...good, metadata: {} }, 'metadata.host'],
  ['a host that is a URL', { ...good, metadata: { host: 'https://x/' } }, 'metadata.host'],
  ['a host with a user', { ...good, metadata: { host: 'u:p@h' } }, 'metadata.host'],
  ['a host that is a connection string', { ...good, metadata: { host: 'h;PASSWORD=p' } }, 'metadata.host'],
  ['a host with parameters', { ...good, metadata: { host: 'USER=u,PASSWORD=p' } }, 'metadata.host'],
  ['an unknown mechanism', { ...good, metadata: { host: 'h', log_mech: 'JWT' } }, 'metadata.log_mech'],
  ['an unknown key', { ...good, owner: 'sub-bob' }, 'owner'],
  ['an unknown inner key', { ...good, metadata: { host: 'h', port: 1025 } }, 'metadata.port'],
  ['no credentials', { ...good, credentials: undefined }, 'credentials'],
  ['an empty password', { ...good, credentials: { username: 'u', password: '' } }, 'credentials.password'],
  ['NUL in a password', { ...good, credentials: { username: 'u', password: 'a\0b' } }, 'credentials.password'],
  ['personal as a string', { ...good, personal: 'true' }, 'personal'],
  ['a polluting key', JSON.parse('{"name":"n","__proto__":{"personal":true}}'), '__proto__'],
]
for (const [what, body, path] of table)
  test(`denies ${what}, with the path ${path}`, async () => {
    const response = await post(body)
    assert.deepEqual([response.status, response.body.reason], [400, 'body-invalid'])
    assert.equal(response.headers['content-type'], 'application/problem+json; charset=utf-8')
    const error = response.body.errors.find((each: { path: string }) => each.path === path)
    assert.ok(error, JSON.stringify(response.body.errors))
    assert.ok(error.expected && error.got)
  })

test('a body that is not JSON, not an object, too large or of another type is denied, and not quoted', async () => {
  const send = (type: string, body: string) =>
    core.as(ALICE).post(PATH).set('AOA-Project-ID', ALPHA).set('Content-Type', type).send(body)
  const cases: [string, string, number, string][] = [
    ['application/json', '{"password": "hunter2', 400, 'body-malformed'],
    ['application/json', '"hunter2"', 400, 'body-malformed'],
    ['application/json', '[]', 400, 'body-invalid'],
    ['application/json; charset=hunter2', '{}', 400, 'body-malformed'],
    ['text/plain', '{}', 415, 'unsupported-media-type'],
    ['application/x-www-form-urlencoded', 'password=hunter2', 415, 'unsupported-media-type'],
    ['application/json', JSON.stringify({ name: 'x'.repeat(9_000_000) }), 413, 'body-too-large'],
  ]
  for (const [type, body, status, reason] of cases) {
    const response = await send(type, body)
    assert.deepEqual([response.status, response.body.reason], [status, reason], body.slice(0, 40))
    assert.ok(!response.text.includes('hunter2') && !core.logged().includes('hunter2'))
  }
})

test('a body without a content type is read as JSON, as the published client sends it', async () => {
  const request = core.as(ADMIN).post('/api/projects')
  request.write('{"name":"untyped"}')
  const response = await request
  assert.equal(response.status, 201, response.text)
})

test('query parameters that are unknown, repeated or out of range are denied by name', async () => {
  for (const [query, path] of [
    ['page=-1', 'page'],
    ['page=x', 'page'],
    ['size=0', 'size'],
    ['sort=password', 'sort'],
    ['size=1&size=2', 'size'],
    ['offset=3', 'offset'],
    ['projectid=x', 'projectid'],
  ] as const) {
    const response = await core.as(ALICE).get(`/api/projects?${query}`)
    assert.deepEqual(
      [response.status, response.body.reason, response.body.errors?.[0]?.path],
      [400, 'query-invalid', path],
    )
  }
})

test('unknown paths, invalid IDs and methods that are not supported', async () => {
  assert.equal((await core.as(ALICE).get('/api/models')).status, 404)
  assert.equal((await core.as(ALICE).get('/API/projects')).status, 404)
  assert.equal((await core.as(ALICE).get(`${PATH}/not-a-uuid`).set('AOA-Project-ID', ALPHA)).status, 404)
  assert.equal((await core.as(ALICE).get(`${PATH}/%00`).set('AOA-Project-ID', ALPHA)).status, 404)
  assert.equal((await core.as(ALICE).get(`${PATH}/%zz`).set('AOA-Project-ID', ALPHA)).status, 400)
  const patch = await core.as(ALICE).patch(`/api/projects/${ALPHA}`)
  assert.deepEqual([patch.status, patch.headers.allow], [405, 'GET, PUT, HEAD'])
})

test('a page is never larger than the limit', async () => {
  const small = await startCoreUnderTest(signer, 'sqlite::memory:', 'limits: { pageSize: 1 }')
  const response = await small.as(ADMIN).get('/api/projects?size=1000000')
  assert.deepEqual([response.body._embedded.projects.length, response.body.page.size], [1, 1])
  await small.close()
})

const awkward: [string, string][] = [
  ['a megabyte', 'p'.repeat(1_048_576)],
  ['quotes of every kind', `'"\`$\\$(touch x)\${HOME}`],
  ['line ends', 'a\nb\r\nc\rd\n'],
  ['controls', '\x01\x02\x1b[31m\x7f\t'],
  ['Unicode', 'päß 🔐 \u2028 \ufeff \u202e'],
  ['space only', ' '],
  ['what looks like JSON', '{"password": null}'],
]
for (const [what, password] of awkward)
  test(`a password of ${what} is stored exactly`, async () => {
    const made = await post(newConnection(what, { credentials: { username: 'u', password } }))
    assert.equal(made.status, 201, made.text.slice(0, 300))
    const record = await core.deps.connections.find(ALPHA, made.body.id)
    assert.ok(record)
    const stored = await decryptCredentials(core.deps.cipher, record, record.credentials)
    assert.ok(stored.password === password)
  })

test('a password longer than the limit is denied', async () => {
  const response = await post(newConnection('long', { credentials: { username: 'u', password: 'ä'.repeat(524_289) } }))
  assert.deepEqual(response.body.errors, [
    { path: 'credentials.password', expected: 'at most 1048576 bytes', got: 'more' },
  ])
})

test('jobs get no credentials of an archived project', async () => {
  const made = await post(newConnection('archived with its project'))
  await core.as(ADMIN).post(`/api/archives/PROJECT/${ALPHA}`)
  const job = await core.as(SERVICE).get(`${PATH}/${made.body.id}/job?user=alice`).set('AOA-Project-ID', ALPHA)
  assert.deepEqual([job.status, job.body.reason], [409, 'project-archived'])
  await core.as(ADMIN).delete(`/api/archives/PROJECT/${ALPHA}`)
})

test('a request ID of another shape is replaced', async () => {
  const kept = await core.anonymous.get('/admin/info').set('X-Request-Id', 'abcdefgh-1234')
  assert.equal(kept.headers['x-request-id'], 'abcdefgh-1234')
  const replaced = await core.anonymous.get('/admin/info').set('X-Request-Id', '{"level":"error"}')
  assert.match(String(replaced.headers['x-request-id']), /^[0-9a-f-]{36}$/)
})

test('no value of a body or query is repeated in an error', async () => {
  const needle = 'needle7261'
  const url = `https://user:${needle}@db.example/x?password=${needle}`
  const bodies: object[] = [
    { ...good, metadata: { host: url } },
    { ...good, metadata: { host: `jdbc:teradata://db/USER=u,PASSWORD=${needle}` } },
    { ...good, metadata: { host: 'h', log_mech: needle } },
    { ...good, credentials: needle },
    { ...good, credentials: { username: 'u', password: 72_617_261 } },
    { ...good, credentials: { username: 'u', password: 'p', credsEncrypted: needle } },
    { ...good, credentials: [needle] },
    { ...good, metadata: needle },
    { ...good, personal: needle },
    { ...good, name: `${needle}\n` },
    { ...good, extra: needle },
  ]
  for (const body of bodies) {
    const response = await post(body)
    assert.deepEqual([response.status, response.body.reason], [400, 'body-invalid'])
    assert.doesNotMatch(response.text, /needle7261|72617261/)
  }
  const query = await core.as(ALICE).get(`/api/projects?size=${needle}&sort=${needle}`)
  assert.equal(query.body.reason, 'query-invalid')
  assert.doesNotMatch(query.text, /needle7261/)
})

test('60,000 unknown fields, or one with a long name, do not make a large response', async () => {
  const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`unknown-field-${at}`, 1]))
  for (const body of [
    { ...good, ...many },
    { ...good, ['x'.repeat(1_000_000)]: 1 },
    { ...good, metadata: { ...good.metadata, ...many }, ...many },
  ]) {
    const response = await post(body)
    assert.deepEqual([response.status, response.body.reason], [400, 'body-invalid'])
    assert.ok(response.text.length < 10_000, `${response.text.length} characters`)
  }
  const { errors } = (await post({ ...good, ...many })).body
  assert.deepEqual([errors.length, errors.at(-1).got], [21, '59980 more'])
})
