import type { Logger } from 'pino'
import { sealCredentials, unsealCredentials } from './credentials.ts'
import type { KeyRing } from './crypto/keyring.ts'
import { SealBroken } from './crypto/sealed.ts'
import type { ConnectionRecord, Connections } from './store/connections.ts'

const BATCH = 100

export interface Rotation {
  readonly resealed: number
  /** Ids of connections whose credentials no configured token can read; left as they are. */
  readonly unreadable: readonly string[]
}

/**
 * Seals every connection under the ring's writing token. Each is one step of its own that either happened or did not,
 * and every state in between is readable with both tokens: killed at any moment nothing is lost, and started again it
 * goes on with what is left. Edits made meanwhile win.
 */
export async function rotateTokens(
  { connections, ring, log }: { connections: Connections; ring: KeyRing; log: Logger },
  onProgress: (resealed: number) => void,
): Promise<Rotation> {
  const unreadable = new Set<string>()
  let resealed = 0
  // Whatever changed under our hands is met again in the next round.
  for (let met = true; met; ) {
    met = false
    for await (const record of sealedOtherwise(connections, ring.currentId)) {
      if (unreadable.has(record.id)) continue
      met = true
      const outcome = await reseal(record, connections, ring)
      if (outcome === 'unreadable') {
        unreadable.add(record.id)
        log.error(
          { event: 'credentials-unreadable', connection: record.id, project: record.projectId },
          'left as it is',
        )
      }
      if (outcome === 'resealed' && ++resealed % BATCH === 0) onProgress(resealed)
    }
  }
  log.info({ event: 'audit', action: 'token-rotated', resealed, unreadable: unreadable.size }, 'token rotated')
  return { resealed, unreadable: [...unreadable] }
}

async function* sealedOtherwise(connections: Connections, keyId: string): AsyncGenerator<ConnectionRecord> {
  let after = ''
  for (;;) {
    const batch = await connections.sealedOtherwise(keyId, after, BATCH)
    yield* batch
    const last = batch.at(-1)
    if (last === undefined) return
    after = last.id
  }
}

async function reseal(
  record: ConnectionRecord,
  connections: Connections,
  ring: KeyRing,
): Promise<'resealed' | 'changed' | 'unreadable'> {
  try {
    const credentials = await unsealCredentials(ring, record, record.credentials)
    const fresh = await sealCredentials(ring, record, credentials)
    return (await connections.reseal(record.id, record.credentials, fresh)) ? 'resealed' : 'changed'
  } catch (error) {
    if (error instanceof SealBroken) return 'unreadable'
    throw error
  }
}
