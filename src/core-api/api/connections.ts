import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { fieldErrorsOf } from '../../shared/settings/field-errors.ts'
import { sealCredentials } from '../credentials.ts'
import { Problem } from '../problems.ts'
import type { ConnectionRecord } from '../store/connections.ts'
import { checkReadable, credentialsIn, edited, isVisible, withCredentials } from './connection-edit.ts'
import {
  changedConnection,
  connectionPage,
  connectionView,
  newConnection,
  validation,
  viewConnection,
} from './connection-schemas.ts'
import { halPage, listingOf, listQuery, projectionQuery } from './hal.ts'
import { type Context, type Operation, operation, type Reply } from './operation.ts'
import { taking } from './projects.ts'
import { checkUnchanged, isUnchanged, tagOf } from './revisions.ts'
import { uuidText } from './text.ts'

/** Dataset connections of the named project: shared ones, and the caller's own. */
type Asked = Context<'project', unknown, unknown>
const PATH = '/api/datasetConnections'

const list = operation({
  method: 'get',
  path: PATH,
  id: 'listDatasetConnections',
  summary: 'The project’s shared connections and the caller’s own.',
  scope: 'project',
  query: listQuery,
  status: 200,
  answer: connectionPage,
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
  answer: connectionPage,
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
  answer: connectionView,
  refuses: ['not-found'],
  handle: async (context) => one(context, await visible(context, context.query.id)),
})

const get = operation({
  method: 'get',
  path: `${PATH}/:id`,
  id: 'getDatasetConnection',
  summary: 'One connection.',
  scope: 'project',
  query: projectionQuery,
  status: 200,
  answer: connectionView,
  revisions: true,
  refuses: ['not-found'],
  handle: async (context) => one(context, await visible(context, context.params.id)),
})

const create = operation({
  method: 'post',
  path: PATH,
  id: 'createDatasetConnection',
  summary: 'Registers a connection; its credentials are sealed and never shown again.',
  scope: 'project',
  needs: 'editor',
  body: newConnection,
  status: 201,
  answer: connectionView,
  refuses: ['name-taken'],
  handle: async (context) => {
    const { deps, body, caller, project } = context
    const credentials = credentialsIn(body.credentials, deps.config.limits.credentialBytes)
    if (!credentials) throw new Problem('body-invalid', 'no credentials')
    const now = deps.clock()
    const bare = {
      id: randomUUID(),
      projectId: project.id,
      name: body.name,
      description: body.description ?? '',
      personal: body.personal,
      owner: caller.subject,
      ownerName: caller.username,
      host: body.metadata.host,
      logMech: body.metadata.log_mech,
      database: body.metadata.database ?? '',
      valDb: body.metadata.valDb ?? '',
      byomDb: body.metadata.byomDb ?? '',
      revision: 1,
      createdAt: now,
      updatedAt: now,
    }
    const record = { ...bare, credentials: await sealCredentials(deps.ring, bare, credentials) }
    await taking(() => deps.connections.create(record))
    context.audit('connection-created', { connection: record.id, personal: record.personal })
    return one(context, record)
  },
})

const update = operation({
  method: 'put',
  path: `${PATH}/:id`,
  id: 'updateDatasetConnection',
  summary:
    'Changes a connection. What the body leaves out stays; another host or log_mech needs the credentials again.',
  scope: 'project',
  needs: 'editor',
  body: changedConnection,
  status: 200,
  answer: connectionView,
  revisions: true,
  refuses: ['not-found', 'name-taken'],
  handle: async (context) => {
    const { deps, body, ifMatch } = context
    const record = await visible(context, context.params.id)
    checkUnchanged(ifMatch, body.revision, record.revision)
    const credentials = credentialsIn(body.credentials, deps.config.limits.credentialBytes)
    const changed = await withCredentials(edited(record, body, deps.clock()), credentials, deps)
    if (!(await taking(() => deps.connections.replace(changed))))
      throw new Problem('precondition-failed', 'changed while it was being changed')
    context.audit('connection-changed', { connection: record.id, credentials: credentials !== undefined })
    return one(context, changed)
  },
})

const remove = operation({
  method: 'delete',
  path: `${PATH}/:id`,
  id: 'deleteDatasetConnection',
  summary: 'Deletes a connection. Administrators may so delete a personal one, unseen.',
  scope: 'project',
  needs: 'editor',
  status: 204,
  revisions: true,
  refuses: ['not-found'],
  handle: async (context) => {
    const { deps, project, admin, params } = context
    const record = admin ? await deps.connections.find(project.id, params.id ?? '') : await visible(context, params.id)
    if (!record) throw new Problem('not-found', 'connection')
    checkUnchanged(context.ifMatch, undefined, record.revision)
    if (!(await deps.connections.delete(record.id, record.revision)))
      throw new Problem('precondition-failed', 'changed while it was being deleted')
    context.audit('connection-deleted', { connection: record.id, personal: record.personal, owner: record.owner })
    return {}
  },
})

const removeOrphans = operation({
  method: 'delete',
  path: PATH,
  id: 'deleteOrphanedConnections',
  summary: 'Deletes, unseen, the personal connections that a subject left behind in the project.',
  scope: 'project',
  needs: 'admin',
  query: z.strictObject({ owner: z.string().min(1).max(1000).describe('Subject (`sub`) of the owner.') }),
  status: 200,
  answer: z.object({ deleted: z.int() }),
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
  summary: 'Checks a connection, new or stored, without keeping anything. The database itself is not contacted.',
  scope: 'project',
  needs: 'editor',
  body: changedConnection,
  status: 200,
  answer: validation,
  refuses: ['not-found', 'credentials-unreadable'],
  handle: async (context) => {
    const { deps, body } = context
    credentialsIn(body.credentials, deps.config.limits.credentialBytes)
    if (body.id === undefined) {
      const whole = newConnection.safeParse(body)
      if (!whole.success) throw new Problem('body-invalid', 'validate', { faults: fieldErrorsOf(whole.error, body) })
    } else {
      const record = await visible(context, body.id)
      edited(record, body, deps.clock())
      if (body.credentials?.password === undefined) await checkReadable(record, deps)
    }
    return { body: { valid: true as const, message: 'Well-formed; the database was not contacted.' } }
  },
})

export const connectionOperations: readonly Operation[] = [
  list,
  findByName,
  findById,
  // Before the paths with an id, which would take its last segment for one.
  validate,
  get,
  create,
  update,
  remove,
  removeOrphans,
]

async function page(context: Asked, query: z.output<typeof listQuery>, name?: string) {
  const { deps, project, caller } = context
  const listing = listingOf(query, deps.config.limits.pageSize)
  const found = await deps.connections.list(project.id, caller.subject, listing, name)
  const base = linkBase(context)
  const items = found.items.map((record) => viewConnection(record, base))
  return { body: halPage('datasetConnections', `${base}${PATH}`, listing, { items, total: found.total }) }
}

/** @throws Problem not-found: unknown, of another project, or another's own */
async function visible({ deps, project, caller }: Asked, id: string | undefined): Promise<ConnectionRecord> {
  const record = await deps.connections.find(project.id, id ?? '')
  if (!record || !isVisible(record, caller)) throw new Problem('not-found', 'connection')
  return record
}

function one(context: Asked, record: ConnectionRecord): Reply<z.input<typeof connectionView>> {
  const tag = tagOf(record.revision)
  if (isUnchanged(context.ifNoneMatch, tag)) return { status: 304, headers: { ETag: tag } }
  return { body: viewConnection(record, linkBase(context)), headers: { ETag: tag } }
}

const linkBase = ({ deps }: Asked) => deps.config.server.publicUrl?.replace(/\/$/, '') ?? ''
