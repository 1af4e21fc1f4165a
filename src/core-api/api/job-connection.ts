import { z } from 'zod'
import { uuidText } from '../operation/field-types.ts'
import { operation } from '../operation/operation.ts'
import { Problem } from '../operation/problems.ts'
import type { Operation } from '../operation/spec.ts'
import type { ConnectionRecord } from '../store/connections.ts'

/**
 * What a job needs of a connection: the metadata and the encrypted credentials. Decryption also needs the encryption
 * token, which neither this endpoint nor the service user's access token contains.
 */
export const jobConnection = z
  .object({
    id: uuidText,
    projectId: uuidText,
    user: z.string().describe('The user of the job, as requested.'),
    personal: z.boolean(),
    owner: z.string().describe('Subject of the owner.'),
    metadata: z.object({
      host: z.string(),
      log_mech: z.string(),
      database: z.string(),
      valDb: z.string(),
      byomDb: z.string(),
    }),
    credentials: z.object({
      username: z.string().describe('Encrypted.'),
      password: z.string().describe('Encrypted.'),
      keyId: z.string().describe('ID of the encryption token.'),
    }),
  })
  .meta({ id: 'JobConnection' })

export type JobConnection = z.output<typeof jobConnection>

const get = operation({
  method: 'get',
  path: '/api/datasetConnections/:id/job',
  id: 'getJobConnection',
  summary:
    'The encrypted credentials of a connection, for a job of this user. A personal one only for a job of its owner.',
  scope: 'project',
  needs: 'service',
  query: z.strictObject({ user: z.string().min(1).max(1000).describe('User name or subject: see `jobs.userIs`.') }),
  status: 200,
  response: jobConnection,
  reasons: ['not-found', 'project-archived'],
  handle: async (context) => {
    const { deps, project, params, query } = context
    const record = await deps.connections.find(project.id, params.id ?? '')
    const usable = record && isUsableBy(record, query.user, deps.config.jobs.userIs)
    context.audit(usable ? 'job-connection-read' : 'job-connection-refused', { connection: params.id, for: query.user })
    // The same response for somebody else's personal connection and one that does not exist.
    if (!usable) throw new Problem('not-found', 'connection for this job')
    if (project.archived) throw new Problem('project-archived', project.id)
    return { body: viewForJob(record, query.user) }
  },
})

export const jobConnectionOperations: readonly Operation[] = [get]

const isUsableBy = (record: ConnectionRecord, user: string, userIs: 'username' | 'subject') =>
  !record.personal || user === (userIs === 'subject' ? record.owner : record.ownerName)

const viewForJob = (record: ConnectionRecord, user: string): JobConnection => ({
  id: record.id,
  projectId: record.projectId,
  user,
  personal: record.personal,
  owner: record.owner,
  metadata: {
    host: record.host,
    log_mech: record.logMech,
    database: record.database,
    valDb: record.valDb,
    byomDb: record.byomDb,
  },
  credentials: { ...record.credentials },
})
