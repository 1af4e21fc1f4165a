import type { FieldError } from '../../shared/settings/field-errors.ts'
import type { Caller } from '../auth/caller.ts'
import { type BoundTo, type Credentials, sealCredentials, unsealCredentials } from '../credentials.ts'
import { SealBroken } from '../crypto/sealed.ts'
import type { CoreDeps } from '../deps.ts'
import { Problem } from '../problems.ts'
import type { ConnectionRecord, ConnectionSummary } from '../store/connections.ts'
import type { ChangedConnection } from './connection-schemas.ts'

/** Rules of dataset connections that need no request: who may see one, and what a change may do. */

/** A personal connection is its owner's alone: nobody else sees it, administrators included. */
export const isVisible = ({ personal, owner }: Pick<ConnectionSummary, 'personal' | 'owner'>, caller: Caller) =>
  !personal || owner === caller.subject

/** The record as the change would leave it, but for what is sealed. @throws Problem body-invalid */
export function edited(record: ConnectionRecord, change: ChangedConnection, now: number): ConnectionRecord {
  const metadata = change.metadata ?? {}
  const result = {
    ...record,
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
  const faults = [...identityFaults(record, change), ...aimFaults(record, result, change)]
  if (faults.length > 0) throw new Problem('body-invalid', 'change of a connection', { faults })
  return result
}

function identityFaults(record: ConnectionRecord, { id, personal }: ChangedConnection): FieldError[] {
  const faults: FieldError[] = []
  if (id !== undefined && id !== record.id) faults.push({ path: 'id', expected: record.id, got: id })
  if (personal !== undefined && personal !== record.personal)
    faults.push({ path: 'personal', expected: `${record.personal}, which is fixed`, got: String(personal) })
  return faults
}

/** Stored credentials are never aimed at another host, or sent by a weaker mechanism, by someone who does not know them. */
function aimFaults(record: ConnectionRecord, result: ConnectionRecord, change: ChangedConnection): FieldError[] {
  const same = record.host === result.host && record.logMech === result.logMech
  if (same || change.credentials?.password !== undefined) return []
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
  const faults = Object.entries(credentials)
    .filter(([, text]) => Buffer.byteLength(text) > maxBytes)
    .map(([field]) => ({ path: `credentials.${field}`, expected: `at most ${maxBytes} bytes`, got: 'more' }))
  if (faults.length > 0) throw new Problem('body-invalid', 'length of credentials', { faults })
  return credentials
}

export async function withCredentials(
  record: ConnectionRecord,
  credentials: Credentials | undefined,
  { ring }: Pick<CoreDeps, 'ring'>,
): Promise<ConnectionRecord> {
  return credentials ? { ...record, credentials: await sealCredentials(ring, record, credentials) } : record
}

/** @throws Problem credentials-unreadable when they were not sealed here for this record */
export async function checkReadable(
  record: ConnectionRecord & BoundTo,
  { ring }: Pick<CoreDeps, 'ring'>,
): Promise<void> {
  try {
    await unsealCredentials(ring, record, record.credentials)
  } catch (cause) {
    if (cause instanceof SealBroken) throw new Problem('credentials-unreadable', `connection ${record.id}`, { cause })
    throw cause
  }
}
