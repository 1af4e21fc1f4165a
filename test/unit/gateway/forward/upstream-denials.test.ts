import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Reason, Refusal } from '../../../../src/gateway/errors.ts'
import { denialOf } from '../../../../src/gateway/forward/upstream-denials.ts'
import { UpstreamError, type UpstreamErrorKind } from '../../../../src/gateway/upstream/errors.ts'

const table: Record<UpstreamErrorKind, [Reason, number]> = {
  unreachable: ['upstream-down', 502],
  busy: ['upstream-timeout', 504],
  timeout: ['upstream-timeout', 504],
  invalid: ['upstream-invalid', 502],
  'client-stalled': ['request-timeout', 408],
  sink: ['internal', 500],
}

for (const [kind, expected] of Object.entries(table)) {
  test(`an upstream error of kind ${kind} is ${expected.join(' ')} to the client`, () => {
    const { reason, status, message } = denialOf(new UpstreamError(kind as UpstreamErrorKind, 'detail for the log'))
    assert.deepEqual([reason, status, message], [...expected, 'detail for the log'])
  })
}

test('a refusal that the receiver of a response threw is the refusal of the client', () => {
  const refusal = new Refusal('upstream-invalid', 'too large')
  assert.equal(denialOf(new UpstreamError('sink', 'not passed on', { cause: refusal })), refusal)
})

test('any other error that it threw stays in the log', () => {
  const cause = new TypeError('secret')
  const denial = denialOf(new UpstreamError('sink', 'not passed on', { cause }))
  assert.deepEqual([denial.reason, denial.message, denial.cause], ['internal', 'not passed on', cause])
  assert.ok(!denial.explain.includes('secret'))
})
