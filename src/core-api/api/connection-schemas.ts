import * as z from 'zod'
import { instant, line, nameText, prose, secretText, uuidText } from '../operation/field-types.ts'
import { links, pageOf } from '../operation/hal.ts'
import type { ConnectionSummary } from '../store/connections.ts'

const host = line(255)
  .min(1)
  // Without the characters of URLs and connection strings: those may contain a password, and everybody reads the host.
  .regex(/^[^\s/?#@=;&]+$/, 'expected a host name or address, optionally with a port')

const metadata = z.strictObject({
  host: host.describe('Host name or address of the database.'),
  log_mech: z.enum(['TDNEGO', 'TD2', 'LDAP', 'KRBS']).default('TDNEGO').describe('Logon mechanism.'),
  database: line(128).nullable().default('').describe('Default database.'),
  valDb: line(128).nullable().default('').describe('Database of the Vantage Analytics Library.'),
  byomDb: line(128).nullable().default('').describe('Database of the BYOM functions.'),
})

const PLAIN_TEXT = 'Must be false: the values are plain text, and only this service encrypts them.'

/** Credentials to store. Responses never contain them. */
const newCredentials = z.strictObject({
  username: secretText.describe('User name at the database.'),
  password: secretText.describe('Password at the database.'),
  credsEncrypted: z.literal(false).default(false).describe(PLAIN_TEXT),
})

const changedCredentials = z
  .strictObject({
    username: secretText.optional(),
    password: secretText.optional(),
    credsEncrypted: z
      .boolean()
      .default(false)
      .describe('True, without user name and password: the stored credentials stay.'),
  })
  .refine(
    ({ username, password, credsEncrypted }) =>
      credsEncrypted
        ? username === undefined && password === undefined
        : username !== undefined && password !== undefined,
    { error: 'expected username and password, or credsEncrypted: true alone to keep the stored ones' },
  )

export const newConnection = z
  .strictObject({
    name: nameText,
    description: prose(4000).nullable().default(''),
    metadata,
    credentials: newCredentials,
    personal: z.boolean().default(true).describe('True: only its owner can use it. It cannot be changed later.'),
  })
  .meta({ id: 'NewDatasetConnection' })

/** Omitted fields stay as they are. Read-only fields are accepted, so that a client can change a response and send it back. */
export const changedConnection = z
  .strictObject({
    name: nameText.optional(),
    description: prose(4000).nullable().optional(),
    metadata: z
      .strictObject({
        host: metadata.shape.host.optional(),
        log_mech: z.enum(['TDNEGO', 'TD2', 'LDAP', 'KRBS']).optional(),
        database: line(128).nullable().optional(),
        valDb: line(128).nullable().optional(),
        byomDb: line(128).nullable().optional(),
      })
      .optional(),
    credentials: changedCredentials.optional(),
    personal: z.boolean().optional().describe('Must equal the stored value; it cannot be changed.'),
    id: uuidText.optional().describe('Must equal the ID in the path.'),
    revision: z
      .int()
      .optional()
      .describe('The revision that was read. The change is denied if the connection has changed since.'),
    owner: z.unknown().optional().describe('Read only.'),
    createdAt: z.unknown().optional().describe('Read only.'),
    updatedAt: z.unknown().optional().describe('Read only.'),
    _links: z.unknown().optional().describe('Read only.'),
  })
  .meta({ id: 'ChangedDatasetConnection' })

export type ChangedConnection = z.output<typeof changedConnection>

export const connectionView = z
  .object({
    id: uuidText,
    name: z.string(),
    description: z.string(),
    metadata: z.object({
      host: z.string(),
      log_mech: z.string(),
      database: z.string(),
      valDb: z.string(),
      byomDb: z.string(),
    }),
    credentials: z.strictObject({ credsEncrypted: z.literal(true) }).describe('Stored, and never shown.'),
    personal: z.boolean(),
    owner: z.string().describe('User name of the creator, or of the owner at the last change.'),
    revision: z.int(),
    createdAt: instant,
    updatedAt: instant,
    _links: links,
  })
  .meta({ id: 'DatasetConnection' })

export const connectionPage = pageOf('datasetConnections', connectionView).meta({ id: 'DatasetConnectionPage' })

export const validation = z
  .object({
    valid: z.literal(true),
    message: z.string(),
  })
  .meta({ id: 'Validation' })

export function viewConnection(record: ConnectionSummary, base: string): z.input<typeof connectionView> {
  const { id, name, description, personal, owner, ownerName, revision, createdAt, updatedAt } = record
  return {
    id,
    name,
    description,
    metadata: {
      host: record.host,
      log_mech: record.logMech,
      database: record.database,
      valDb: record.valDb,
      byomDb: record.byomDb,
    },
    credentials: { credsEncrypted: true },
    personal,
    owner: ownerName === '' ? owner : ownerName,
    revision,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    _links: { self: { href: `${base}/api/datasetConnections/${id}` } },
  }
}
