import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  headerText,
  type IdentityFacts,
  passableHeaders,
  writeIdentity,
} from '../../../../../src/gateway/forward/headers/identity-headers.ts'
import { outwardGroups } from '../../../../../src/gateway/forward/headers/outward-groups.ts'
import type { RequestHead } from '../../../../../src/gateway/http/request-head.ts'
import type { Principal } from '../../../../../src/gateway/policy/types.ts'

const max: Principal = {
  ...{ issuer: 'https://sso.example', subject: 'sub-max', kind: 'person', username: 'max', email: 'max@example.com' },
  ...{ groups: new Set(['a', 'team, b']), projectIds: new Set<string>() },
}
const project = { id: '11111111-1111-4111-8111-111111111111', name: 'alpha', groups: [], viewerGroups: [] }
const facts: IdentityFacts = {
  ...{ principal: max, project, assertion: 'signed', requestId: 'r1' },
  ...{ clientAddress: '192.0.2.1', publicHost: 'o.example', publicScheme: 'https' },
}
const written = (over: Partial<IdentityFacts> = {}) => {
  const headers = ['Accept', '*/*']
  writeIdentity(headers, { ...facts, ...over })
  return headers.slice(2)
}
const ORIGIN = [
  ...['X-Forwarded-For', '192.0.2.1', 'X-Forwarded-Host', 'o.example', 'X-Forwarded-Proto', 'https'],
  ...['X-Request-Id', 'r1'],
]
const IDENTITY = [
  ...['X-Forwarded-User', 'max', 'X-Forwarded-Email', 'max@example.com', 'X-Forwarded-Groups', 'a,team%2C b'],
]

test('every identity header is written once', () => {
  const all = [...IDENTITY, 'AOA-Project-ID', project.id, 'X-Gateway-Assertion', 'signed', ...ORIGIN]
  assert.deepEqual(written(), all)
  assert.deepEqual(written(), all, 'the second time from memory')
})

test('nothing is written about what is not known', () => {
  assert.deepEqual(written({ principal: undefined, project: undefined, assertion: undefined }), ORIGIN)
  const { email: _, ...nameless } = max
  assert.deepEqual(
    written({ principal: { ...nameless, groups: new Set() }, project: undefined, assertion: undefined }),
    [...['X-Forwarded-User', 'max', 'X-Forwarded-Groups', ''], ...ORIGIN],
  )
})

test('the headers of one principal are never those of another', () => {
  assert.equal(written()[1], 'max')
  assert.equal(written({ principal: { ...max, username: 'eve' } })[1], 'eve')
})

const texts: [string, string][] = [
  ['max', 'max'],
  ['m', 'm'],
  ['max mustermann', 'max mustermann'],
  ['a,b;c="d"', 'a,b;c="d"'],
  ['!~', '!~'],
  ['@', '@'],
  [' max', '%20max'],
  ['max ', 'max%20'],
  ['100%', '100%25'],
  ['%41', '%2541'],
  ['müller', 'm%C3%BCller'],
  ['max\r\nX-Forwarded-Groups: admins', 'max%0D%0AX-Forwarded-Groups%3A%20admins'],
  ['max\n', 'max%0A'],
  ['\nmax', '%0Amax'],
  ['a\tb', 'a%09b'],
  ['\u007f', '%7F'],
  ['a\ud800b', 'a%EF%BF%BDb'],
  ['', ''],
]
for (const [text, expected] of texts)
  test(`${JSON.stringify(text)} is written as ${expected}`, () => assert.equal(headerText(text), expected))

test('a text that is encoded has an end', () => {
  assert.equal(headerText('ü'.repeat(5000)).length, 8192)
})

const CROWD = Array.from({ length: 400 }, (_, at) => `group-${String(at).padStart(3, '0')}-${'x'.repeat(at % 40)}`)
const groupsOf = (groups: readonly string[]) => outwardGroups({ ...max, groups: new Set(groups) })

test('groups that fit are all told, in their order', () => {
  assert.deepEqual(groupsOf(['zz', 'a']), ['zz', 'a'])
  // 3 characters for each comma or its encoding
  const exactly = ['x'.repeat(2998), 'y'.repeat(2996)]
  assert.deepEqual(groupsOf(exactly), exactly)
})

test('of too many groups the shortest are told, as many as there is room for', () => {
  const kept = groupsOf(CROWD)
  const sizes = CROWD.map(({ length }) => length + 3).sort((a, b) => a - b)
  const ends = sizes.map((_, at) => sizes.slice(0, at + 1).reduce((sum, size) => sum + size))
  const fit = ends.filter((end) => end <= 6000).length
  assert.equal(kept.length, fit)
  assert.ok(fit > 100 && fit < CROWD.length)
  const longest = Math.max(...kept.map(({ length }) => length))
  for (const group of CROWD) if (group.length < longest) assert.ok(kept.includes(group), group)
  assert.deepEqual(groupsOf(['x'.repeat(2998), 'y'.repeat(2997)]), ['y'.repeat(2997)])
  assert.deepEqual(groupsOf(['x'.repeat(3000), 'y'.repeat(2997), 'z'.repeat(2997)]), [
    'y'.repeat(2997),
    'z'.repeat(2997),
  ])
})

test('the groups of a principal are chosen once', () => {
  const principal = { ...max, groups: new Set(CROWD) }
  assert.equal(outwardGroups(principal), outwardGroups(principal))
})

const passed = (raw: string[], drop: string[] = [], trace?: { isFromProxy: boolean }) => {
  const headers: Record<string, string> = {}
  for (let at = 0; at < raw.length; at += 2) headers[String(raw[at]).toLowerCase()] = raw[at + 1] as string
  return passableHeaders({ headers, rawHeaders: raw } as unknown as RequestHead, new Set(drop), trace)
}

test('what the client may send passes as it was sent', () => {
  const raw = ['Accept', '*/*', 'X-Custom', '1', 'x-custom', '2', 'Content-Type', 'a/b']
  assert.deepEqual(passed(raw), raw)
  assert.deepEqual(passed([]), [])
})

test('what the gateway owns never passes', () => {
  assert.deepEqual(passed(['X-Forwarded-User', 'eve', 'Accept', '*/*', 'x_forwarded_user', 'eve', 'Host', 'h']), [
    ...['Accept', '*/*'],
  ])
})

test('what the application never gets does not pass, in any case', () => {
  assert.deepEqual(passed(['X-Secret', '1', 'x-secret', '2', 'X-Other', '3'], ['x-secret']), ['X-Other', '3'])
})

test('what Connection names is of this connection alone', () => {
  const raw = ['X-Hop', '1', 'X-Stays', '2', 'X-Other', '3']
  assert.deepEqual(passed([...raw, 'Connection', 'close, X-HOP ,\tx-other']), ['X-Stays', '2'])
  for (const value of ['keep-alive', 'close']) assert.deepEqual(passed([...raw, 'Connection', value]), raw, value)
  assert.deepEqual(passed(['Keep-Alive-X', '1', 'Connection', 'keep-alive']), ['Keep-Alive-X', '1'])
})

test('Connection cannot name the headers of the gateway away', () => {
  const headers = passed(['Connection', 'X-Forwarded-User, AOA-Project-ID', 'Accept', '*/*'])
  writeIdentity(headers, facts)
  assert.ok(headers.includes('X-Forwarded-User'))
  assert.ok(headers.includes('AOA-Project-ID'))
})

test('the trace of a client passes while tracing is off; while it is on, a trusted proxy says what travels with it', () => {
  const raw = ['traceparent', '00-1', 'baggage', 'user=eve', 'Accept', '*/*']
  assert.deepEqual(passed(raw), raw)
  assert.deepEqual(passed(raw, [], { isFromProxy: false }), ['Accept', '*/*'])
  assert.deepEqual(passed(raw, [], { isFromProxy: true }), ['baggage', 'user=eve', 'Accept', '*/*'])
})
