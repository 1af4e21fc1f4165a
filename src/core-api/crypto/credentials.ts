import { type ConnectionRecord, CURRENT_FORMAT, type EncryptedCredentials } from '../store/connections.ts'
import type { CredentialFormat } from '../store/tables.ts'
import type { CredentialCipher } from './credential-cipher.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * What encrypted credentials are bound to: the record and its revision, who may use it, and everything that a job gets
 * with them. Someone who can write to the database cannot move them to another connection or owner, share a personal one,
 * send them to another host, or restore those of an earlier revision.
 */
export type CredentialBinding = Omit<ConnectionRecord, 'credentials' | 'description' | 'createdAt' | 'updatedAt'>

/** The data that the tag authenticates. Format 1 names neither the owner's user name nor the revision. */
function associatedData(record: CredentialBinding, format: CredentialFormat, field: keyof Credentials): string {
  const { projectId, id, name, personal, scope, owner, ownerName, revision } = record
  const { host, logMech, database, valDb, byomDb } = record
  const fields =
    format === 1
      ? [projectId, id, personal ? owner : null, host, logMech]
      : [projectId, id, name, scope, owner, ownerName, host, logMech, database, valDb, byomDb, revision]
  return JSON.stringify(['modelops connection', format, ...fields, field])
}

export async function encryptCredentials(
  cipher: CredentialCipher,
  record: CredentialBinding,
  credentials: Credentials,
): Promise<EncryptedCredentials> {
  const [username, password] = await Promise.all([
    cipher.encrypt(credentials.username, associatedData(record, CURRENT_FORMAT, 'username')),
    cipher.encrypt(credentials.password, associatedData(record, CURRENT_FORMAT, 'password')),
  ])
  return { username: username.message, password: password.message, keyId: cipher.currentId, format: CURRENT_FORMAT }
}

/** @throws DecryptionFailed */
export async function decryptCredentials(
  cipher: CredentialCipher,
  record: CredentialBinding,
  encrypted: EncryptedCredentials,
): Promise<Credentials> {
  const { keyId, format } = encrypted
  const [username, password] = await Promise.all([
    cipher.decrypt({ message: encrypted.username, keyId }, associatedData(record, format, 'username')),
    cipher.decrypt({ message: encrypted.password, keyId }, associatedData(record, format, 'password')),
  ])
  return { username, password }
}
