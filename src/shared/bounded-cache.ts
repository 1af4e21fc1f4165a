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
