import type { Lease, SessionBackend } from './backend.ts'

/** Operations of a store, by the name of the method. */
export type StoreOperation =
  | Exclude<keyof SessionBackend, 'shared' | 'onChange' | 'settingsFault' | 'close'>
  | 'renewLease'
  | 'releaseLease'

/** An operation has ended. */
export type StoreOperationFinished = (operation: StoreOperation, seconds: number, failed: boolean) => void

/** The same store, with the time and the outcome of each operation reported. */
export function observeBackend(backend: SessionBackend, finished: StoreOperationFinished): SessionBackend {
  async function timed<T>(operation: StoreOperation, work: Promise<T>): Promise<T> {
    const startedAt = performance.now()
    let failed = true
    try {
      const result = await work
      failed = false
      return result
    } finally {
      finished(operation, (performance.now() - startedAt) / 1000, failed)
    }
  }
  const observed = (lease: Lease): Lease => ({
    token: lease.token,
    renew: (ttlSeconds) => timed('renewLease', lease.renew(ttlSeconds)),
    release: () => timed('releaseLease', lease.release()),
  })
  return {
    shared: backend.shared,
    get: (key) => timed('get', backend.get(key)),
    create: (record) => timed('create', backend.create(record)),
    replace: (record, revision) => timed('replace', backend.replace(record, revision)),
    touch: (key, expiresAt) => timed('touch', backend.touch(key, expiresAt)),
    end: (key) => timed('end', backend.end(key)),
    endBySubject: (subjectKey) => timed('endBySubject', backend.endBySubject(subjectKey)),
    endBySid: (sidKey, subjectKey) => timed('endBySid', backend.endBySid(sidKey, subjectKey)),
    list: (page) => timed('list', backend.list(page)),
    claimOnce: (name, ttlSeconds) => timed('claimOnce', backend.claimOnce(name, ttlSeconds)),
    async acquireLease(name, ttlSeconds) {
      const lease = await timed('acquireLease', backend.acquireLease(name, ttlSeconds))
      return lease && observed(lease)
    },
    appendJournal: (name, entries, limits) => timed('appendJournal', backend.appendJournal(name, entries, limits)),
    readJournal: (name, page) => timed('readJournal', backend.readJournal(name, page)),
    findInJournal: (name, id) => timed('findInJournal', backend.findInJournal(name, id)),
    ping: () => timed('ping', backend.ping()),
    onChange: (listener) => backend.onChange(listener),
    ...(backend.settingsFault && { settingsFault: () => backend.settingsFault?.() ?? Promise.resolve(undefined) }),
    close: () => backend.close(),
  }
}
