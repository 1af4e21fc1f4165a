import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHeapSpaceStatistics } from 'node:v8'
import { shrinkHeap } from '../../../../src/gateway/runtime/shrink-heap.ts'

const MIB = 2 ** 20
const youngMiB = () =>
  (getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0) / MIB

test('the young generation that a start has grown is given back, and the collector is not left within reach', () => {
  const kept = Array.from({ length: 1_000_000 }, (_, index) => ({ index }))
  assert.ok(youngMiB() >= 4, `${youngMiB()} MiB before`)
  shrinkHeap()
  assert.ok(youngMiB() <= 2, `${youngMiB()} MiB after`)
  assert.equal(globalThis.gc, undefined)
  assert.equal(kept.at(-1)?.index, 999_999)
})
