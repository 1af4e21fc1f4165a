import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CHECKS, chosen } from '../../../../src/cli/doctor/all-checks.ts'
import type { Check } from '../../../../src/cli/doctor/check.ts'
import { failed, ok, skipped, warning, worst } from '../../../../src/cli/doctor/finding.ts'
import { hideSecrets } from '../../../../src/cli/doctor/hide-secrets.ts'
import { asJson, exitCodeOf, inWords, summary } from '../../../../src/cli/doctor/report.ts'
import { type Outcome, outcomeOf, runChecks } from '../../../../src/cli/doctor/run-checks.ts'
import { configOf } from '../check/kit.ts'
import { worldOf } from './kit.ts'

const GUIDE = readFileSync('docs/guides/operate/doctor.md', 'utf8')
const world = worldOf(configOf({}))
const silent = { started: () => undefined, finished: () => undefined }
const check = (id: string, runs: Check['run']): Check => ({ id, title: id, run: runs })
const outcome = (...findings: Outcome['findings']) => outcomeOf({ id: 'dns', title: 'DNS' }, findings)

test('every check runs, in order, also after one that fails, throws or does not end', async () => {
  const never = new Promise<never>(() => undefined)
  const checks = [
    check('a', () => [failed('x', 'c', 'f')]),
    check('b', () => Promise.reject(new Error('a bug'))),
    check('c', () => never),
    check('d', () => [ok('fine')]),
  ]
  const told: string[] = []
  const progress = {
    started: (title: string) => void told.push(title),
    finished: (each: Outcome) => void told.push(each.status),
  }
  const outcomes = await runChecks(checks, world, performance.now() + 30, progress)
  assert.deepEqual(told, ['a', 'failed', 'b', 'failed', 'c', 'failed', 'd', 'ok'])
  assert.match(outcomes[1]?.findings[0]?.text ?? '', /a bug/)
  assert.match(outcomes[2]?.findings[0]?.text ?? '', /no result after 0 seconds/)
})

test('a check that waits for a person has as long as it needs', async () => {
  const waits: Check = { ...check('login', () => Promise.resolve([ok('signed in')])), waitsForPerson: () => true }
  const [only] = await runChecks([waits], world, performance.now() - 1, silent)
  assert.equal(only?.status, 'ok')
})

test('the exit code is 0 if all is good, 1 if a check failed, 2 for warnings alone; skipped checks count as nothing', () => {
  const [good, bad, doubt] = [ok('x'), failed('x', 'c', 'f'), warning('x', 'c', 'f')]
  assert.equal(exitCodeOf([outcome(good), outcome(skipped('x'))]), 0)
  assert.equal(exitCodeOf([outcome(good), outcome(doubt, good), outcome(bad)]), 1)
  assert.equal(exitCodeOf([outcome(good), outcome(doubt, good)]), 2)
  assert.deepEqual([worst([]), worst([skipped('x'), good]), worst([bad, doubt])], ['skipped', 'ok', 'failed'])
})

test('the report has signs and words, the cause and the fix, and a summary', () => {
  const outcomes = [outcome(ok('found'), failed('lost', 'why', 'how'))]
  assert.equal(
    outcomes.map(inWords).join(),
    'DNS\n  ✓ ok      found\n  ✗ failed  lost\n            Likely cause: why\n            Fix: how',
  )
  assert.equal(summary(outcomes, 1.26), '1 ok, 0 warnings, 1 failed, 0 skipped; 1.3 seconds')
  const { version, result, checks } = JSON.parse(asJson('g.yaml', outcomes, 1.26))
  assert.deepEqual([version, result, checks[0].findings[1]], [1, 'failed', failed('lost', 'why', 'how')])
})

test('--only brings along what a check needs, --skip leaves out, and an unknown name is an error', () => {
  const ids = (checks: readonly Check[]) => checks.map(({ id }) => id)
  assert.deepEqual(ids(chosen({ only: ['client'] })), ['dns', 'tls', 'discovery', 'client'])
  assert.deepEqual(
    ids(chosen({ skip: ['dns'] })),
    ids(CHECKS).filter((id) => id !== 'dns'),
  )
  assert.throws(() => chosen({ only: ['dsn'] }), /expected one of files, dns, .*, got "dsn"/)
})

test('a check comes after those whose results it uses', () => {
  CHECKS.forEach(({ needs = [] }, index) => {
    for (const need of needs) assert.ok(CHECKS.slice(0, index).some(({ id }) => id === need))
  })
})

const CHAIN_KEY = 'Zm9yIHRoZSBjaGFpbiBvZiB0aGUgYXVkaXQgdHJhaWw'

test('every secret of the configuration is hidden, as it is and as URLs and JSON write it', () => {
  const config = configOf({
    issuer: { clientSecret: 'se"cret/one' },
    session: { store: 'redis://:pass%20word@127.0.0.1' },
    projects: { source: 'core', url: 'http://127.0.0.1:1', clientId: 'a', clientSecret: 'secret-of-core' },
    audit: {
      sinks: [
        { type: 'file', path: '/audit.jsonl', chain: true, chainKey: CHAIN_KEY },
        { type: 'otlp', url: 'http://127.0.0.1:4318/v1/logs', headers: { 'x-api-key': 'key-of-logs' } },
      ],
    },
    observability: { tracing: { endpoint: 'http://127.0.0.1:4318', headers: { 'x-api-key': 'key-of-spans' } } },
  })
  const hide = hideSecrets(config)
  const trails = [CHAIN_KEY, 'key-of-logs', 'key-of-spans']
  const secrets = ['se"cret/one', 'pass word', 'secret-of-core', ...trails, ...config.session.secrets]
  const all = [...secrets, ...secrets.map(encodeURIComponent), JSON.stringify(secrets)].join(' ')
  const shown = hide(all)
  for (const secret of secrets)
    for (const form of [secret, encodeURIComponent(secret)]) assert.ok(!shown.includes(form))
  assert.ok(!shown.includes('cret/one'))
  assert.equal(hide('127.0.0.1 Bearer at+jwt /audit.jsonl'), '127.0.0.1 Bearer at+jwt /audit.jsonl')
  assert.equal(hideSecrets(undefined)('as it is'), 'as it is')
})

test('the guide lists every check, and none that there is not', () => {
  const listed = [...GUIDE.matchAll(/^\| `([a-z-]+)` \| /gm)].map(([, id]) => id)
  assert.deepEqual(
    listed,
    CHECKS.map(({ id }) => id),
  )
})

test('nothing that a server returned acts on the terminal', () => {
  const hostile = '\u001b]0;title\u0007\u001b[2K\r✓ ok all good\n\u009b31m \u202eevil\u2066 \u061c'
  for (const finding of [failed(hostile, hostile, hostile), warning(hostile, hostile, hostile), ok(hostile)]) {
    const outcomes = [outcome(finding)]
    const text = inWords(outcomes[0] as Outcome) + asJson('gateway.yaml', outcomes, 1)
    assert.doesNotMatch(text, /(?!\n)[\u0000-\u001f\u007f-\u009f\u061c\u202a-\u202e\u2066-\u2069]|\n✓/)
  }
})
