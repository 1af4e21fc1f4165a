import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { runAudit } from '../../../audit-command.ts'
import { eventOf } from '../../gateway/audit/kit.ts'

/** `audit query` and `audit verify`, as they are called. */

const folder = mkdtempSync(join(tmpdir(), 'audit-cli-'))
after(() => rmSync(folder, { recursive: true }))
const [one, two, log] = ['audit-1.jsonl', 'audit-2.jsonl', 'gateway.log'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
]

const EVENTS = [
  eventOf(1, {
    user: 'alice',
    project: '11111111-1111-4111-8111-111111111111',
    project_name: 'alpha',
    decision: 'allowed',
    operation: 'mlflow.createRun',
    request_id: 'r1',
  }),
  eventOf(3, {
    ...{ user: 'bob', event: 'refused', decision: 'denied', reason: 'not-in-project', request_id: 'r3' },
    requested_project: 'beta',
  }),
  eventOf(5, { subject: 'bob', event: 'login', category: 'authentication', action: 'sign-in' }),
]
const OTHER = [
  eventOf(2, { user: 'bob', operation: 'airflow.dagrun.trigger' }),
  eventOf(4, { client_id: 'ci', user: 'ci\u001b[31m' }),
]

before(() => {
  writeFileSync(one, EVENTS.map((event) => `${JSON.stringify(event)}\n`).join(''))
  writeFileSync(two, OTHER.map((event) => `${JSON.stringify(event)}\n`).join(''))
  writeFileSync(
    log,
    `modelops-gateway ready\n{"level":"info","event":"x"}\n${JSON.stringify({ level: 'info', ...EVENTS[0] })}\n`,
  )
  writeFileSync(`${one}.1.gz`, gzipSync(`${JSON.stringify(eventOf(0, { user: 'old' }))}\n`))
})

async function found(...args: string[]): Promise<number[]> {
  const { code, stdout } = await runAudit('query', one, two, '--json', ...args)
  assert.equal(code, 0)
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).sequence)
}

const QUERIES: readonly [args: string[], sequences: number[]][] = [
  [[], [1, 2, 3, 4, 5]],
  [
    ['--user', 'bob'],
    [2, 3, 5],
  ],
  [['--user', 'ci'], [4]],
  [['--project', 'alpha'], [1]],
  [['--project', '11111111-1111-4111-8111-111111111111'.toUpperCase()], [1]],
  [['--reason', 'not-in-project'], [3]],
  [['--decision', 'denied'], [3]],
  [['--request-id', 'r1'], [1]],
  [['--action', 'mlflow.createRun'], [1]],
  [['--action', 'airflow.*'], [2]],
  [['--action', 'sign-in'], [5]],
  [['--action', 'login'], [5]],
  [
    ['--since', '2026-11-27T00:00:00.003Z'],
    [3, 4, 5],
  ],
  [
    ['--since', '2026-11-27', '--until', '2026-11-27T00:00:00.003'],
    [1, 2],
  ],
  [['--since', '2026-11-27T01:00:00+01:00', '--user', 'bob', '--decision', 'denied'], [3]],
  [['--until', '2026-11-26'], []],
  [
    ['--limit', '2'],
    [1, 2],
  ],
  [['--user', 'nobody'], []],
]

for (const [args, sequences] of QUERIES) {
  test(`query ${args.join(' ') || 'without conditions'} prints ${sequences.length} events, by time`, async () => {
    assert.deepEqual(await found(...args), sequences)
  })
}

test('query prints one line per event, without control characters, and counts on stderr', async () => {
  const { stdout, stderr } = await runAudit('query', one, two)
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines[0], '2026-11-27T00:00:00.001Z  allowed  alice  alpha  mlflow.createRun  -  -  r1')
  assert.equal(stdout.includes('\u001b'), false)
  assert.equal(stderr, '5 of 5 events\n')
})

test('query reads logs, with other lines between, and compressed files', async () => {
  const { stdout, stderr } = await runAudit('query', log, '--json')
  assert.equal(JSON.parse(stdout).sequence, 1)
  assert.equal(stderr, '1 of 1 events; 2 other lines\n')
  const all = await runAudit('query', one, `${one}.1.gz`, '--json')
  assert.deepEqual(
    all.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).sequence),
    [0, 1, 3, 5],
  )
})

const WRONG: readonly [args: string[], says: RegExp][] = [
  [['query', '/nowhere/audit.jsonl'], /^\/nowhere\/audit\.jsonl: there is no such file\. Check the path/],
  [['verify', '/nowhere/audit.jsonl'], /there is no such file/],
  [['query', folder], /expected a file, got a folder/],
  [
    ['query', one, '--since', 'yesterday'],
    /^--since: expected a time such as 2026-11-27T08:00:00Z or 2h, got "yesterday"/,
  ],
  [['query', one, '--decision', 'maybe'], /^--decision: expected allowed or denied, got "maybe"/],
  [['query', one, '--limit', '0'], /^--limit: expected a number from 1/],
  [['verify', one, '--anchor', 'x'], /^--anchor: expected SEQ:HASH/],
  [['verify', one, '--anchors', log], /expected a log with audit-anchor lines, got none/],
  [['verify', one, '--key-file', '/nowhere/key'], /^\/nowhere\/key: there is no such file/],
  [['verify', one, two, '--anchor', `1:${'0'.repeat(64)}`], /expected the files of one trail, got 2/],
]

for (const [args, says] of WRONG) {
  test(`audit ${args.join(' ').replaceAll(folder, 'FOLDER')} is an error that says what to do`, async () => {
    const { code, stderr } = await runAudit(...args)
    assert.equal(code, 1)
    assert.match(stderr, says)
  })
}

test('verify says of files without a chain that they are not valid', async () => {
  const { code, stdout } = await runAudit('verify', one)
  assert.equal(code, 1)
  assert.match(stdout, /audit-1\.jsonl: NOT valid: 3 problems \(3 lines in 1 file, no chain\)/)
})

test('a denied request is found by the project that it named, and shown with it', async () => {
  assert.deepEqual(await found('--project', 'beta'), [3])
  const { stdout } = await runAudit('query', one, '--request-id', 'r3')
  assert.match(stdout, /denied not-in-project {2}bob {2}beta /)
})

test('an action that no event has: the command says which there are', async () => {
  const { stdout, stderr } = await runAudit('query', one, two, '--action', 'mlflow.createRegisteredModel')
  assert.equal(stdout, '')
  assert.match(stderr, /no event has the action mlflow\.createRegisteredModel; these files have: .*mlflow\.createRun/)
  const excluded = await runAudit('query', one, two, '--action', 'mlflow.createRun', '--user', 'nobody')
  assert.match(excluded.stderr, /events with the action mlflow\.createRun exist; the other options exclude them/)
})

test('a log without anchors: the command says when they are written', async () => {
  const { code, stderr } = await runAudit('verify', one, '--anchors', log)
  assert.equal(code, 1)
  assert.match(
    stderr,
    /got none\. An anchor is logged every 1,000 lines, when a file is full, and when the process stops/,
  )
})
