import { LRUCache } from 'lru-cache'

/**
 * A cache of so many entries at most; the one not used for longest goes first. It grows as it is used: given as `max`,
 * the library sets all the room aside at once, some milliseconds and mebibytes for each of the gateway's caches.
 */
export function boundedCache<V extends NonNullable<unknown>>(
  entries: number,
  dispose?: LRUCache.Disposer<string, V>,
): LRUCache<string, V> {
  return new LRUCache<string, V>({ maxSize: entries, sizeCalculation: () => 1, ...(dispose && { dispose }) })
}

/**
 * Removes expired entries from the end that was not used for longest, up to the first one that has not expired. Nothing uses an
 * expired entry again, so it comes to that end: without this, a full cache would consist of them.
 */
export function dropExpired<V extends NonNullable<unknown>>(
  cache: LRUCache<string, V>,
  isExpired: (value: V) => boolean,
): void {
  for (;;) {
    const [key] = cache.rkeys()
    const value = key === undefined ? undefined : cache.peek(key)
    if (key === undefined || value === undefined || !isExpired(value)) return
    cache.delete(key)
  }
}
