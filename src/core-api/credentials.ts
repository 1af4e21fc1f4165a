import type { KeyRing } from './crypto/keyring.ts'
import type { ConnectionRecord, SealedCredentials } from './store/connections.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * What sealed credentials are bound to: the record, whose it is, and where they may be sent. Whoever can write to the
 * database cannot move them to another connection, hand a personal one to others, or aim them at another host.
 */
export type BoundTo = Pick<ConnectionRecord, 'id' | 'projectId' | 'personal' | 'owner' | 'host' | 'logMech'>

export function contextOf(record: BoundTo, field: keyof Credentials): string {
  const { projectId, id, personal, owner, host, logMech } = record
  return JSON.stringify(['modelops connection', 1, projectId, id, personal ? owner : null, host, logMech, field])
}

export async function sealCredentials(
  ring: KeyRing,
  record: BoundTo,
  { username, password }: Credentials,
): Promise<SealedCredentials> {
  const [name, word] = await Promise.all([
    ring.seal(username, contextOf(record, 'username')),
    ring.seal(password, contextOf(record, 'password')),
  ])
  return { username: name.text, password: word.text, keyId: name.keyId }
}

/** @throws SealBroken */
export async function unsealCredentials(
  ring: KeyRing,
  record: BoundTo,
  { username, password, keyId }: SealedCredentials,
): Promise<Credentials> {
  const [name, word] = await Promise.all([
    ring.unseal({ text: username, keyId }, contextOf(record, 'username')),
    ring.unseal({ text: password, keyId }, contextOf(record, 'password')),
  ])
  return { username: name, password: word }
}
