import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Oracle } from '../../../long-run/oracle/oracle.ts'
import { DenialLog } from '../../../long-run/traffic/denial-log.ts'

const NONCE = '1'.repeat(32)
const expected = {
  ...{ kind: 'denial', nonce: NONCE, entrance: 'replica-0', startedAt: 1, status: 403, reason: 'not-in-project' },
  principal: { user: 'user-0' },
}
const received = { endedAt: 2, status: 403, reason: 'not-in-project', requestId: 'a' }
const LINE = {
  event: 'refused',
  request_id: 'a',
  path: `/notes/echo/${NONCE}`,
  user: 'user-0',
  reason: 'not-in-project',
}

let folder = ''
let file = ''
let oracle: Oracle
let log: DenialLog
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'denial-log-'))
  file = join(folder, 'replica.log')
  writeFileSync(file, 'ready\n')
  oracle = new Oracle()
  log = new DenialLog([file], oracle)
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (line: object) => appendFileSync(file, `${JSON.stringify(line)}\n`)

/** The client has its denial, and the log says this of it. */
function compared(line: object): readonly [proven: number, wrong: number] {
  oracle.check(expected, received)
  log.expect(expected, received)
  write(line)
  log.end()
  return [log.proven, oracle.total.wrong]
}

test('a denial whose line has the nonce of its request is proven', () => {
  assert.deepEqual(compared(LINE), [1, 0])
})

test('a line may come before the client has its response', () => {
  write(LINE)
  log.follow()
  assert.deepEqual(compared({}), [1, 0])
})

test('a line that is written in two parts is read when it is whole', () => {
  log.expect(expected, received)
  const text = `${JSON.stringify(LINE)}\n`
  appendFileSync(file, text.slice(0, 20))
  log.follow()
  assert.equal(log.proven, 0)
  appendFileSync(file, text.slice(20))
  log.follow()
  assert.equal(log.proven, 1)
})

const WRONG: readonly (readonly [string, object])[] = [
  ['the path of another request', { ...LINE, path: `/notes/echo/${'2'.repeat(32)}` }],
  ['another reason', { ...LINE, reason: 'admin-only' }],
  ['another user', { ...LINE, user: 'user-1' }],
  ['another request ID', { ...LINE, request_id: 'b' }],
]
for (const [what, line] of WRONG)
  test(`a denial whose line has ${what} is wrong`, () => {
    assert.deepEqual(compared(line), [0, 1])
  })

test('an error that nothing has caused is kept, and a refused configuration is not one', () => {
  write({ level: 'error', event: 'unhandled-rejection', msg: 'unexpected error' })
  write({ level: 'error', event: 'config-refused', msg: 'configuration not reloaded' })
  log.end()
  assert.deepEqual(log.unexpected, ['unhandled-rejection: unexpected error'])
  assert.equal(log.refused, 1)
})
