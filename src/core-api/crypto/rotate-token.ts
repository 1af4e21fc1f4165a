import type { Logger } from 'pino'
import type { ConnectionRecord, Connections } from '../store/connections.ts'
import { DecryptionFailed } from './aes-gcm.ts'
import type { CredentialCipher } from './credential-cipher.ts'
import { decryptCredentials, encryptCredentials } from './credentials.ts'

const BATCH = 100

export interface Rotation {
  readonly reencrypted: number
  /** IDs of connections whose credentials no configured token decrypts; they are not changed. */
  readonly unreadable: readonly string[]
}

export interface RotationDeps {
  readonly connections: Connections
  readonly cipher: CredentialCipher
  readonly log: Logger
  /**
   * Trust the owners' user names of personal connections in format 1, which anybody with write access to the database
   * could have changed. Default: they are removed until the owner saves the connection again.
   */
  readonly keepOwnerNames?: boolean
}

/**
 * Encrypts the credentials of every connection with the current token in the current format. Each connection is changed in one atomic step, and
 * every intermediate state is readable with both tokens. It may be killed at any time: the next run continues. A change
 * made by somebody else in the meantime wins.
 */
export async function rotateToken(deps: RotationDeps, onProgress: (reencrypted: number) => void): Promise<Rotation> {
  const { connections, cipher, log } = deps
  const unreadable = new Set<string>()
  let reencrypted = 0
  // A record that changed during its turn is found again by the next round.
  for (let found = true; found; ) {
    found = false
    for await (const record of outdated(connections, cipher.currentId)) {
      if (unreadable.has(record.id)) continue
      found = true
      const outcome = await reencrypt(record, deps)
      if (outcome === 'unreadable') {
        unreadable.add(record.id)
        log.error({ event: 'credentials-unreadable', connection: record.id, project: record.projectId }, 'not changed')
      }
      if (outcome === 'reencrypted' && ++reencrypted % BATCH === 0) onProgress(reencrypted)
    }
  }
  log.info({ event: 'audit', action: 'token-rotated', reencrypted, unreadable: unreadable.size }, 'token rotated')
  return { reencrypted, unreadable: [...unreadable] }
}

async function* outdated(connections: Connections, keyId: string): AsyncGenerator<ConnectionRecord> {
  let after = ''
  for (;;) {
    const batch = await connections.outdated(keyId, after, BATCH)
    yield* batch
    const last = batch.at(-1)
    if (last === undefined) return
    after = last.id
  }
}

async function reencrypt(
  record: ConnectionRecord,
  { connections, cipher, keepOwnerNames = false }: RotationDeps,
): Promise<'reencrypted' | 'changed' | 'unreadable'> {
  try {
    const credentials = await decryptCredentials(cipher, record, record.credentials)
    const isNameAuthentic = record.credentials.format !== 1 || !record.personal || keepOwnerNames
    const bound = isNameAuthentic ? record : { ...record, ownerName: '' }
    const next = { ...bound, credentials: await encryptCredentials(cipher, bound, credentials) }
    return (await connections.replace(record, next)) ? 'reencrypted' : 'changed'
  } catch (error) {
    if (error instanceof DecryptionFailed) return 'unreadable'
    throw error
  }
}
