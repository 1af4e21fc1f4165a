import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { type Credentials, encryptCredentials } from '../crypto/credentials.ts'
import { uuidText } from '../operation/field-types.ts'
import { halPage, linkBase, listingOf, listQuery, projectionQuery } from '../operation/hal.ts'
import { inputErrors } from '../operation/input-errors.ts'
import { operation } from '../operation/operation.ts'
import { Problem } from '../operation/problems.ts'
import { checkUnchanged, isMatch, isUnchanged, tagOf } from '../operation/revisions.ts'
import type { Context, Operation, Reply } from '../operation/spec.ts'
import type { ConnectionRecord } from '../store/connections.ts'
import { applyChange, credentialsIn, isVisible, storedCredentials, withCredentials } from './connection-rules.ts'
import {
  type ChangedConnection,
  changedConnection,
  connectionPage,
  connectionView,
  newConnection,
  validation,
  viewConnection,
} from './connection-schemas.ts'
import { rejectTakenName } from './taken-name.ts'

/** Dataset connections of the named project: shared ones, and the caller's own. */
type ProjectContext = Context<'project', unknown, unknown>
const PATH = '/api/datasetConnections'

const list = operation({
  method: 'get',
  path: PATH,
  id: 'listDatasetConnections',
  summary: 'The project’s shared connections and the caller’s own.',
  scope: 'project',
  query: listQuery,
  status: 200,
  response: connectionPage,
  handle: (context) => page(context, context.query),
})

const findByName = operation({
  method: 'get',
  path: `${PATH}/search/findByName`,
  id: 'findDatasetConnectionsByName',
  summary: 'Connections of exactly this name, in either case.',
  scope: 'project',
  query: listQuery.extend({ name: z.string().max(200) }),
  status: 200,
  response: connectionPage,
  handle: (context) => page(context, context.query, context.query.name),
})

const findById = operation({
  method: 'get',
  path: `${PATH}/search/findById`,
  id: 'findDatasetConnectionById',
  summary: 'One connection.',
  scope: 'project',
  query: projectionQuery.extend({ id: uuidText }),
  status: 200,
  response: connectionView,
  reasons: ['not-found'],
  handle: async (context) => replyWith(context, await findVisible(context, context.query.id)),
})

const get = operation({
  method: 'get',
  path: `${PATH}/:id`,
  id: 'getDatasetConnection',
  summary: 'One connection.',
  scope: 'project',
  query: projectionQuery,
  status: 200,
  response: connectionView,
  revisions: true,
  reasons: ['not-found'],
  handle: async (context) => replyWith(context, await findVisible(context, context.params.id)),
})

const create = operation({
  method: 'post',
  path: PATH,
  id: 'createDatasetConnection',
  summary: 'Creates a connection. Its credentials are encrypted and never shown.',
  scope: 'project',
  needs: 'editor',
  body: newConnection,
  status: 201,
  response: connectionView,
  reasons: ['name-taken'],
  handle: async (context) => {
    const { deps, body, principal, project } = context
    const credentials = credentialsIn(body.credentials, deps.config.limits.credentialBytes)
    if (!credentials) throw new Problem('body-invalid', 'no credentials')
    const now = deps.clock()
    const bare = {
      id: randomUUID(),
      projectId: project.id,
      name: body.name,
      description: body.description ?? '',
      personal: body.personal,
      scope: body.personal ? principal.subject : '',
      owner: principal.subject,
      ownerName: principal.username,
      host: body.metadata.host,
      logMech: body.metadata.log_mech,
      database: body.metadata.database ?? '',
      valDb: body.metadata.valDb ?? '',
      byomDb: body.metadata.byomDb ?? '',
      revision: 1,
      createdAt: now,
      updatedAt: now,
    }
    const record = { ...bare, credentials: await encryptCredentials(deps.cipher, bare, credentials) }
    await rejectTakenName(() => deps.connections.create(record))
    context.audit('connection-created', { connection: record.id, personal: record.personal })
    return replyWith(context, record)
  },
})

const update = operation({
  method: 'put',
  path: `${PATH}/:id`,
  id: 'updateDatasetConnection',
  summary: 'Changes a connection. Omitted fields stay; another host or log_mech requires the credentials again.',
  scope: 'project',
  needs: 'editor',
  body: changedConnection,
  status: 200,
  response: connectionView,
  revisions: true,
  reasons: ['not-found', 'name-taken'],
  handle: async (context) => {
    const { deps, body } = context
    const credentials = credentialsIn(body.credentials, deps.config.limits.credentialBytes)
    const changed = await storeChange(context, credentials)
    context.audit('connection-changed', { connection: changed.id, credentials: credentials !== undefined })
    return replyWith(context, changed)
  },
})

const remove = operation({
  method: 'delete',
  path: `${PATH}/:id`,
  id: 'deleteDatasetConnection',
  summary: 'Deletes a connection. Administrators can delete a personal one, which they cannot see.',
  scope: 'project',
  needs: 'editor',
  status: 204,
  revisions: true,
  reasons: ['not-found'],
  handle: async (context) => {
    const { deps, project, administrator, principal, params, ifMatch } = context
    const record = await deps.connections.find(project.id, params.id ?? '')
    const canSee = record !== undefined && isVisible(record, principal)
    if (!record || !(canSee || administrator)) throw new Problem('not-found', 'connection')
    const isDeleted = isMatch(ifMatch, record.revision) && (await deps.connections.delete(record.id, record.revision))
    // An administrator cannot see somebody else's personal connection, so 412 must not say that it exists.
    if (!isDeleted) throw new Problem(canSee ? 'precondition-failed' : 'not-found', `at revision ${record.revision}`)
    context.audit('connection-deleted', { connection: record.id, personal: record.personal, owner: record.owner })
    return {}
  },
})

const removeOrphans = operation({
  method: 'delete',
  path: PATH,
  id: 'deleteOrphanedConnections',
  summary: 'Deletes all personal connections of a subject in the project.',
  scope: 'project',
  needs: 'admin',
  query: z.strictObject({ owner: z.string().min(1).max(1000).describe('Subject (`sub`) of the owner.') }),
  status: 200,
  response: z.object({ deleted: z.int() }),
  handle: async ({ deps, project, query, audit }) => {
    const deleted = await deps.connections.deleteOwned(project.id, query.owner)
    audit('orphans-deleted', { owner: query.owner, deleted })
    return { body: { deleted } }
  },
})

const validate = operation({
  method: 'post',
  path: `${PATH}/validate`,
  id: 'validateDatasetConnection',
  summary: 'Validates a new or stored connection without storing it. The database is not contacted.',
  scope: 'project',
  needs: 'editor',
  body: changedConnection,
  status: 200,
  response: validation,
  reasons: ['not-found', 'credentials-unreadable'],
  handle: async (context) => {
    const { deps, body } = context
    credentialsIn(body.credentials, deps.config.limits.credentialBytes)
    if (body.id === undefined) {
      const whole = newConnection.safeParse(body)
      if (!whole.success) throw new Problem('body-invalid', 'validate', { errors: inputErrors(whole.error, body) })
    } else {
      const record = await findVisible(context, body.id)
      applyChange(record, body, context.principal, deps.clock())
      if (body.credentials?.password === undefined) await storedCredentials(record, deps)
    }
    return { body: { valid: true as const, message: 'The connection is valid. The database was not contacted.' } }
  },
})

export const connectionOperations: readonly Operation[] = [
  list,
  findByName,
  findById,
  // Before the paths with an ID, which would match its last segment.
  validate,
  get,
  create,
  update,
  remove,
  removeOrphans,
]

async function page(context: ProjectContext, query: z.output<typeof listQuery>, name?: string) {
  const { deps, project, principal } = context
  const listing = listingOf(query, deps.config.limits.pageSize)
  const found = await deps.connections.list(project.id, principal.subject, listing, name)
  const base = linkBase(context.deps.config)
  const items = found.items.map((record) => viewConnection(record, base))
  return { body: halPage('datasetConnections', `${base}${PATH}`, listing, { items, total: found.total }) }
}

/**
 * Applies a change to the stored record. Credentials are bound to the revision, so those that stay are encrypted again. A
 * token rotation in the meantime changes credentials but no revision: then the change is applied to the rotated ones.
 * @throws Problem precondition-failed when another request changed the record
 */
async function storeChange(
  context: Context<'project', unknown, ChangedConnection>,
  credentials: Credentials | undefined,
): Promise<ConnectionRecord> {
  const { deps, body, ifMatch, params, principal } = context
  const first = await findVisible(context, params.id)
  checkUnchanged(ifMatch, body.revision, first.revision)
  for (let record = first; record.revision === first.revision; record = await findVisible(context, params.id)) {
    const changed = applyChange(record, body, principal, deps.clock())
    const next = await withCredentials(changed, credentials ?? (await storedCredentials(record, deps)), deps)
    if (await rejectTakenName(() => deps.connections.replace(record, next))) return next
  }
  throw new Problem('precondition-failed', 'changed by another request')
}

/** @throws Problem not-found: it does not exist, or belongs to another project or another person */
async function findVisible(
  { deps, project, principal }: ProjectContext,
  id: string | undefined,
): Promise<ConnectionRecord> {
  const record = await deps.connections.find(project.id, id ?? '')
  if (!record || !isVisible(record, principal)) throw new Problem('not-found', 'connection')
  return record
}

function replyWith(context: ProjectContext, record: ConnectionRecord): Reply<z.input<typeof connectionView>> {
  const tag = tagOf(record.revision)
  if (isUnchanged(context.ifNoneMatch, tag)) return { status: 304, headers: { ETag: tag } }
  return { body: viewConnection(record, linkBase(context.deps.config)), headers: { ETag: tag } }
}
