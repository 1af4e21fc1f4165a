import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundedCache } from '../../../src/shared/bounded-cache.ts'

test('a bounded cache forgets what was not used for longest, and says so', () => {
  const gone: string[] = []
  const cache = boundedCache<number>(2, (_, key, reason) => void (reason === 'evict' && gone.push(key)))
  cache.set('a', 1).set('b', 2)
  assert.equal(cache.get('a'), 1)
  cache.set('c', 3)
  assert.deepEqual([...cache.keys()].toSorted(), ['a', 'c'])
  assert.deepEqual(gone, ['b'])
})

test('setting an entry again takes no second place', () => {
  const cache = boundedCache<number>(2)
  cache.set('a', 1).set('a', 2).set('b', 3)
  assert.equal(cache.get('a'), 2)
  assert.equal(cache.size, 2)
})
