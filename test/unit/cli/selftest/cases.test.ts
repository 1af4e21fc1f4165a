import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CASES, casesOf, SECTION_IDS } from '../../../../src/cli/selftest/all-cases.ts'
import { type Case, worst } from '../../../../src/cli/selftest/case.ts'
import { exitCodeOf, runCases } from '../../../../src/cli/selftest/run-cases.ts'
import type { Received } from '../../../../src/cli/selftest/wire/send.ts'
import { aCase, account, received, response, worldOf } from './world.ts'

const silent = { started: () => undefined, finished: () => undefined }
const run = (cases: readonly Case[], world = worldOf(received(response(401))), isTimeUp = () => false) =>
  runCases(cases, world, isTimeUp, silent)

test('every section has cases, and every case has all of its texts and an id of its own', () => {
  assert.deepEqual([...new Set(CASES.map(({ section }) => section))], SECTION_IDS)
  assert.equal(new Set(CASES.map(({ id }) => id)).size, CASES.length)
  for (const { id, section, title, sent, demanded, source, fix } of CASES) {
    assert.ok(id.startsWith(`${section}-`), id)
    assert.match(id, /^[a-z0-9-]+$/)
    for (const text of [title, sent, demanded, source, fix])
      assert.ok(text.length > 2 && !text.includes('undefined'), id)
  }
})

/** Cases that judge what the survey found, or the URL, or connect in their own way, are left out. */
const WITHOUT_REQUEST = /^cookies-(?:http-only|secure|same-site|prefix)$|^tls-|^direct-/
const second = { ...account, project: '22222222-2222-4222-8222-222222222222' }
const cookie = {
  ...account,
  kind: 'cookie' as const,
  line: 'Cookie: __Host-gateway=secret',
  cookieNames: ['__Host-gateway'],
}

/** Verdicts of every case that sends requests, with the account that it needs. */
async function verdictsFor(reply: Received, isAlive: boolean) {
  const verdicts = []
  for (const each of CASES.filter(({ id }) => !WITHOUT_REQUEST.test(id))) {
    const world = worldOf(reply, { isAlive, second })
    const able = each.missing?.(world) === undefined ? world : { ...world, first: cookie }
    verdicts.push({ id: each.id, section: each.section, ...(await each.run(able)) })
  }
  return verdicts
}

for (const reply of [
  { kind: 'silent' },
  { kind: 'closed' },
  { kind: 'unreached', code: 'ECONNREFUSED' },
] satisfies Received[])
  test(`no case passes if every connection is ${reply.kind}`, async () => {
    for (const { id, status, isUnanswered } of await verdictsFor(reply, false))
      assert.deepEqual([status, isUnanswered], ['not run', true], id)
  })

test('most cases fail for a server that responds 200 to everything, with all that was sent', async () => {
  const body = 'selftest-echo selftest-spoofed secret-token <selftest selftest.invalid # HELP a\n    at a (b.js:1:2)'
  const open = received(response(200, { 'Access-Control-Allow-Origin': 'null' }, body), response(200))
  const failed = (await verdictsFor(open, true)).filter(({ status }) => status === 'fail')
  for (const section of ['identity', 'paths', 'projects', 'csrf', 'headers', 'framing', 'leaks'])
    assert.ok(
      failed.some((each) => each.section === section),
      section,
    )
  assert.ok(failed.length > 70, `${failed.length} cases failed`)
})

test('--only takes sections, and refuses others', () => {
  assert.deepEqual([...new Set(casesOf(['tls', 'paths']).map(({ section }) => section))], ['paths', 'tls'])
  assert.equal(casesOf(undefined).length, CASES.length)
  for (const name of ['', 'TLS', 'toString', 'paths ']) assert.throws(() => casesOf([name]), { exitCode: 2 })
})

test('a section whose control request has no response is not run', async () => {
  const results = await run([aCase({})], worldOf(received(response(401)), { isAlive: false }))
  assert.deepEqual(
    results.map(({ verdict }) => [verdict.status, verdict.isUnanswered]),
    [['not run', true]],
  )
  assert.equal(exitCodeOf(results), 3)
})

test('each section has a control request of its own', async () => {
  const answers = [true, false]
  const control = async () => answers.shift() ?? false
  const results = await run(
    [aCase({}), aCase({ id: 'paths-b' }), aCase({ id: 'tls-a', section: 'tls' })],
    worldOf(received(response(401)), { control }),
  )
  assert.deepEqual(
    results.map(({ verdict }) => verdict.status),
    ['pass', 'pass', 'not run'],
  )
})

test('what is missing comes before an obstacle, and does not change the exit code', async () => {
  const results = await run([aCase({ missing: () => 'needs an account' })])
  assert.deepEqual(results[0]?.verdict, { status: 'not run', detail: 'needs an account' })
  assert.equal(exitCodeOf(results), 0)
})

test('a case that throws has not run', async () => {
  const results = await run([aCase({ run: () => Promise.reject(new Error('broken')) })])
  assert.deepEqual([results[0]?.verdict.status, exitCodeOf(results)], ['not run', 3])
})

test('after the limit of time no case is run', async () => {
  const results = await run([aCase({})], undefined, () => true)
  assert.match(results[0]?.verdict.detail ?? '', /--timeout/)
  assert.equal(exitCodeOf(results), 3)
})

test('a failed case decides the exit code, whatever else happened', async () => {
  const fails = aCase({ run: async () => ({ status: 'fail', detail: 'a' }) })
  const throws = aCase({ run: () => Promise.reject(new Error('broken')) })
  assert.equal(exitCodeOf(await run([throws, fails])), 1)
})

test('control characters of a server reach no terminal', async () => {
  const results = await run([aCase({ run: async () => ({ status: 'fail', detail: '\u001b[2Ja\nb' }) })])
  assert.doesNotMatch(results[0]?.verdict.detail ?? '', /[\u001b\n]/)
})

test('one variant that failed or was not answered outweighs those that passed', () => {
  const [pass, warning, notRun, fail] = (['pass', 'warning', 'not run', 'fail'] as const).map((status) => ({
    ...{ status, detail: status },
  }))
  assert.equal(worst([pass, warning, notRun, fail].flatMap((each) => each ?? [])).status, 'fail')
  assert.equal(worst([pass, warning, notRun].flatMap((each) => each ?? [])).status, 'not run')
  assert.equal(worst([pass, warning].flatMap((each) => each ?? [])).status, 'warning')
  assert.equal(worst([]).status, 'not run')
})
