import type { ConnectionRecord, EncryptedCredentials } from '../store/connections.ts'
import type { CredentialCipher } from './credential-cipher.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * What encrypted credentials are bound to: the record, its owner, and where the credentials may be sent. Someone who can
 * write to the database cannot move them to another connection, share a personal one, or send them to another host.
 */
export type CredentialBinding = Pick<ConnectionRecord, 'id' | 'projectId' | 'personal' | 'owner' | 'host' | 'logMech'>

export function associatedData(record: CredentialBinding, field: keyof Credentials): string {
  const { projectId, id, personal, owner, host, logMech } = record
  return JSON.stringify(['modelops connection', 1, projectId, id, personal ? owner : null, host, logMech, field])
}

export async function encryptCredentials(
  cipher: CredentialCipher,
  record: CredentialBinding,
  credentials: Credentials,
): Promise<EncryptedCredentials> {
  const [username, password] = await Promise.all([
    cipher.encrypt(credentials.username, associatedData(record, 'username')),
    cipher.encrypt(credentials.password, associatedData(record, 'password')),
  ])
  return { username: username.message, password: password.message, keyId: cipher.currentId }
}

/** @throws DecryptionFailed */
export async function decryptCredentials(
  cipher: CredentialCipher,
  record: CredentialBinding,
  { username, password, keyId }: EncryptedCredentials,
): Promise<Credentials> {
  const [name, word] = await Promise.all([
    cipher.decrypt({ message: username, keyId }, associatedData(record, 'username')),
    cipher.decrypt({ message: password, keyId }, associatedData(record, 'password')),
  ])
  return { username: name, password: word }
}
