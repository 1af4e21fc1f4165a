import type { FieldError } from '../../shared/settings/field-errors.ts'
import type { Principal } from '../auth/principal.ts'
import { DecryptionFailed } from '../crypto/aes-gcm.ts'
import { type Credentials, decryptCredentials, encryptCredentials } from '../crypto/credentials.ts'
import type { CoreDeps } from '../deps.ts'
import { Problem } from '../operation/problems.ts'
import type { ConnectionRecord, ConnectionSummary } from '../store/connections.ts'
import type { ChangedConnection } from './connection-schemas.ts'

/** Rules of dataset connections that do not depend on a request: who may see one, and what a change may do. */

/** Only the owner sees a personal connection. Administrators do not. */
export const isVisible = (
  { personal, scope, owner }: Pick<ConnectionSummary, 'personal' | 'scope' | 'owner'>,
  { subject }: Pick<Principal, 'subject'>,
) => !personal || (owner === subject && scope === subject)

/**
 * The record after the change, with the credentials that it had, which are bound to the previous revision.
 * @throws Problem body-invalid
 */
export function applyChange(
  record: ConnectionRecord,
  change: ChangedConnection,
  { username }: Pick<Principal, 'username'>,
  now: number,
): ConnectionRecord {
  const metadata = change.metadata ?? {}
  const result = {
    ...record,
    ownerName: record.personal ? username : record.ownerName,
    name: change.name ?? record.name,
    description: change.description === undefined ? record.description : (change.description ?? ''),
    host: metadata.host ?? record.host,
    logMech: metadata.log_mech ?? record.logMech,
    database: metadata.database === undefined ? record.database : (metadata.database ?? ''),
    valDb: metadata.valDb === undefined ? record.valDb : (metadata.valDb ?? ''),
    byomDb: metadata.byomDb === undefined ? record.byomDb : (metadata.byomDb ?? ''),
    revision: record.revision + 1,
    updatedAt: now,
  }
  const errors = [...fixedFieldErrors(record, change), ...destinationErrors(record, result, change)]
  if (errors.length > 0) throw new Problem('body-invalid', 'change of a connection', { errors })
  return result
}

function fixedFieldErrors(record: ConnectionRecord, { id, personal }: ChangedConnection): FieldError[] {
  const errors: FieldError[] = []
  if (id !== undefined && id !== record.id) errors.push({ path: 'id', expected: record.id, got: id })
  if (personal !== undefined && personal !== record.personal)
    errors.push({ path: 'personal', expected: `${record.personal}, which cannot be changed`, got: String(personal) })
  return errors
}

/** Someone who does not know the stored credentials cannot send them to another host or by a weaker mechanism. */
function destinationErrors(
  before: ConnectionRecord,
  after: ConnectionRecord,
  { credentials }: ChangedConnection,
): FieldError[] {
  const isSame = before.host === after.host && before.logMech === after.logMech
  if (isSame || credentials?.password !== undefined) return []
  const expected = 'the user name and password again, because host or log_mech changes'
  return [{ path: 'credentials', expected, got: 'none' }]
}

/** The credentials in a body, if it has new ones. @throws Problem body-invalid when they are too long */
export function credentialsIn(
  body: { readonly username?: string | undefined; readonly password?: string | undefined } | undefined,
  maxBytes: number,
): Credentials | undefined {
  if (body?.username === undefined || body.password === undefined) return undefined
  const credentials = { username: body.username, password: body.password }
  const errors = Object.entries(credentials)
    .filter(([, text]) => Buffer.byteLength(text) > maxBytes)
    .map(([field]) => ({ path: `credentials.${field}`, expected: `at most ${maxBytes} bytes`, got: 'more' }))
  if (errors.length > 0) throw new Problem('body-invalid', 'length of credentials', { errors })
  return credentials
}

/** Encrypts the credentials for a record. */
export async function withCredentials(
  record: ConnectionRecord,
  credentials: Credentials,
  { cipher }: Pick<CoreDeps, 'cipher'>,
): Promise<ConnectionRecord> {
  return { ...record, credentials: await encryptCredentials(cipher, record, credentials) }
}

/** @throws Problem credentials-unreadable when they were not encrypted here for this revision of the record */
export async function storedCredentials(
  record: ConnectionRecord,
  { cipher }: Pick<CoreDeps, 'cipher'>,
): Promise<Credentials> {
  try {
    return await decryptCredentials(cipher, record, record.credentials)
  } catch (cause) {
    if (!(cause instanceof DecryptionFailed)) throw cause
    throw new Problem('credentials-unreadable', `connection ${record.id}`, { cause })
  }
}
