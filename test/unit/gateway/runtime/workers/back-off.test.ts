import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackOff } from '../../../../../src/gateway/runtime/workers/back-off.ts'

test('short lives are followed by ever longer pauses, up to half a minute; a long life by none', () => {
  const backOff = new BackOff()
  const pauses = Array.from({ length: 9 }, () => backOff.pauseAfter(100))
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  assert.equal(backOff.pauseAfter(60_000), 0)
  assert.equal(backOff.pauseAfter(100), 500)
})
