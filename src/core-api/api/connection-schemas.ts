import { z } from 'zod'
import type { ConnectionSummary } from '../store/connections.ts'
import { links, pageOf } from './hal.ts'
import { instant, line, nameText, prose, secretText, uuidText } from './text.ts'

const host = line(255)
  .min(1)
  .regex(/^[^\s/?#@]+$/, 'expected a host name or address, with a port if need be')

const metadata = z.strictObject({
  host: host.describe('Host name or address of the database.'),
  log_mech: z.enum(['TDNEGO', 'TD2', 'LDAP', 'KRBS']).default('TDNEGO').describe('Logon mechanism.'),
  database: line(128).nullable().default('').describe('Default database.'),
  valDb: line(128).nullable().default('').describe('Database of the Vantage Analytics Library.'),
  byomDb: line(128).nullable().default('').describe('Database of the BYOM functions.'),
})

const encrypted = 'False: they are in the clear and are sealed on arrival. Nobody else can seal them for this service.'

/** What is sent to be kept. Never part of an answer. */
const newCredentials = z.strictObject({
  username: secretText.describe('User name at the database.'),
  password: secretText.describe('Password at the database.'),
  credsEncrypted: z.literal(false).default(false).describe(encrypted),
})

const changedCredentials = z
  .strictObject({
    username: secretText.optional(),
    password: secretText.optional(),
    credsEncrypted: z.boolean().default(false).describe('True, alone: the stored ones stay.'),
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
    personal: z.boolean().default(true).describe('True: for its owner alone. Fixed from then on.'),
  })
  .meta({ id: 'NewDatasetConnection' })

/** What is left out stays as it is. Read-only members are taken, so that an answer can be changed and sent back. */
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
    personal: z.boolean().optional().describe('As it is; it cannot be changed.'),
    id: uuidText.optional().describe('The id in the path, if anything.'),
    revision: z.int().optional().describe('As read; refused when the connection has changed since.'),
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
    credentials: z.strictObject({ credsEncrypted: z.literal(true) }).describe('They are kept, and never shown.'),
    personal: z.boolean(),
    owner: z.string().describe('User name of whoever created it, as it was then.'),
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
  const { id, name, description, personal, ownerName, revision, createdAt, updatedAt } = record
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
    owner: ownerName,
    revision,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    _links: { self: { href: `${base}/api/datasetConnections/${id}` } },
  }
}
