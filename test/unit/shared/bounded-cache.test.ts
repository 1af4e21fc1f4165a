import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundedCache, dropExpired } from '../../../src/shared/bounded-cache.ts'

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

const filled = (...values: number[]) => {
  const cache = boundedCache<number>(10)
  for (const value of values) cache.set(`until ${value}`, value)
  return cache
}

test('expired entries are removed from the end that was not used, up to the first one that has not expired', () => {
  const cache = filled(1, 2, 9, 3)
  dropExpired(cache, (until) => until <= 5)
  assert.deepEqual([...cache.rkeys()], ['until 9', 'until 3'])
})

test('an entry that is used stays in front of those that have expired', () => {
  const cache = filled(9, 1, 2)
  cache.get('until 9')
  dropExpired(cache, (until) => until <= 5)
  assert.deepEqual([...cache.keys()], ['until 9'])
})

test('a cache in which everything has expired, or nothing is, becomes empty', () => {
  for (const cache of [filled(1, 2), filled()]) {
    dropExpired(cache, () => true)
    assert.equal(cache.size, 0)
  }
})

test('entries that have not expired are neither removed nor counted as used', () => {
  const cache = filled(8, 9)
  dropExpired(cache, (until) => until <= 5)
  assert.deepEqual([...cache.rkeys()], ['until 8', 'until 9'])
})
