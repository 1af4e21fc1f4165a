import * as z from 'zod'
import { uuidText } from '../operation/field-types.ts'
import { operation } from '../operation/operation.ts'
import { Problem } from '../operation/problems.ts'
import type { Context, Operation } from '../operation/spec.ts'
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
    name: z.string(),
    personal: z.boolean(),
    scope: z.string().describe('Empty for a shared connection, else the subject of the owner.'),
    owner: z.string().describe('Subject of the creator.'),
    ownerName: z.string().describe('User name of the creator or owner.'),
    revision: z.int(),
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
      format: z.literal([1, 2]).describe('Which fields the encryption authenticates.'),
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
  needs: 'job-user',
  query: z.strictObject({ user: z.string().min(1).max(1000).describe('Subject or user name: see `jobs.userIs`.') }),
  status: 200,
  response: jobConnection,
  reasons: ['user-not-in-project', 'not-found', 'credentials-outdated', 'project-archived'],
  handle: async (context) => {
    const { project, params, query } = context
    const facts = { connection: params.id, for: query.user }
    try {
      const record = await usableConnection(context)
      if (project.archived) throw new Problem('project-archived', project.id)
      context.audit('job-connection-read', facts)
      return { body: viewForJob(record, query.user) }
    } catch (error) {
      if (error instanceof Problem) context.audit('job-connection-denied', { ...facts, reason: error.reason })
      throw error
    }
  },
})

export const jobConnectionOperations: readonly Operation[] = [get]

type JobContext = Context<'project', { readonly user: string }, unknown>

/** @throws Problem user-not-in-project, not-found, credentials-outdated */
async function usableConnection({ deps, project, params, query: { user } }: JobContext): Promise<ConnectionRecord> {
  const { userIs, membershipDays } = deps.config.jobs
  // Before the connection is looked up, so that the response does not depend on it.
  if (!(await deps.memberships.isMember(project.id, user, userIs, membershipDays)))
    throw new Problem('user-not-in-project', project.id)
  const record = await deps.connections.find(project.id, params.id ?? '')
  // The same response for somebody else's personal connection and one that does not exist.
  if (!record || !isUsableBy(record, user, userIs)) throw new Problem('not-found', 'connection for this job')
  // The user name in format 1 is not authenticated, so it gives no access to a personal connection.
  if (record.personal && userIs === 'username' && record.credentials.format === 1)
    throw new Problem('credentials-outdated', record.id)
  return record
}

function isUsableBy(
  { personal, scope, owner, ownerName }: ConnectionRecord,
  user: string,
  userIs: 'username' | 'subject',
) {
  if (!personal) return true
  return userIs === 'subject' ? user === owner && user === scope : user === ownerName
}

const viewForJob = (record: ConnectionRecord, user: string): JobConnection => ({
  id: record.id,
  projectId: record.projectId,
  user,
  name: record.name,
  personal: record.personal,
  scope: record.scope,
  owner: record.owner,
  ownerName: record.ownerName,
  revision: record.revision,
  metadata: {
    host: record.host,
    log_mech: record.logMech,
    database: record.database,
    valDb: record.valDb,
    byomDb: record.byomDb,
  },
  credentials: { ...record.credentials },
})
