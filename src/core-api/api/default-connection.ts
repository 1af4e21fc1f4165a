import { z } from 'zod'
import { Problem } from '../problems.ts'
import type { DefaultConnection } from '../store/defaults.ts'
import { isVisible } from './connection-edit.ts'
import { links } from './hal.ts'
import { type Context, type Operation, operation } from './operation.ts'
import { uuidText } from './text.ts'

/**
 * The one user attribute there is: which connection the caller uses in a project when none is named.
 * The published client reads it at `search/findByName?name=DEFAULT_CONNECTION`.
 */
const PATH = '/api/userAttributes'
const NAME = 'DEFAULT_CONNECTION'

const value = z.strictObject({ defaultDatasetConnectionId: uuidText })

const attribute = z
  .object({ id: uuidText, name: z.literal(NAME), value, _links: links })
  .meta({ id: 'DefaultConnection' })

const newAttribute = z.strictObject({ name: z.literal(NAME), value }).meta({ id: 'NewDefaultConnection' })

const find = operation({
  method: 'get',
  path: `${PATH}/search/findByName`,
  id: 'findUserAttributeByName',
  summary: 'The caller’s default connection in the project.',
  scope: 'project',
  query: z.strictObject({ name: z.string().max(100) }),
  status: 200,
  answer: attribute,
  refuses: ['not-found'],
  handle: async ({ deps, project, caller, query }) => {
    const found = query.name === NAME ? await deps.defaults.find(project.id, caller.subject) : undefined
    if (!found) throw new Problem('not-found', 'user attribute')
    return { body: view(found, deps.config.server.publicUrl) }
  },
})

const set = operation({
  method: 'post',
  path: PATH,
  id: 'setUserAttribute',
  summary: 'Makes one of the connections that the caller sees their default in the project.',
  scope: 'project',
  needs: 'editor',
  body: newAttribute,
  status: 201,
  answer: attribute,
  handle: async (context) => {
    const { deps, project, caller, body } = context
    await checkUsable(context, body.value.defaultDatasetConnectionId)
    const made = await deps.defaults.set(project.id, caller.subject, body.value.defaultDatasetConnectionId)
    context.audit('default-connection-set', { connection: made.connectionId })
    return { body: view(made, deps.config.server.publicUrl) }
  },
})

const clear = operation({
  method: 'delete',
  path: `${PATH}/:id`,
  id: 'deleteUserAttribute',
  summary: 'Leaves the caller without a default connection in the project.',
  scope: 'project',
  needs: 'editor',
  status: 204,
  refuses: ['not-found'],
  handle: async ({ deps, project, caller, params, audit }) => {
    if (!(await deps.defaults.clear(project.id, caller.subject, params.id ?? '')))
      throw new Problem('not-found', 'user attribute')
    audit('default-connection-cleared')
    return {}
  },
})

export const defaultConnectionOperations: readonly Operation[] = [find, set, clear]

/** @throws Problem body-invalid, alike for a connection that is unknown and one that is not the caller's to see */
async function checkUsable({ deps, project, caller }: Context<'project', unknown, unknown>, id: string): Promise<void> {
  const record = await deps.connections.find(project.id, id)
  if (record && isVisible(record, caller)) return
  const path = 'value.defaultDatasetConnectionId'
  const faults = [{ path, expected: 'a connection of this project that you can see', got: id }]
  throw new Problem('body-invalid', 'default connection', { faults })
}

const view = ({ id, connectionId }: DefaultConnection, publicUrl: string | undefined) =>
  ({
    id,
    name: NAME,
    value: { defaultDatasetConnectionId: connectionId },
    _links: { self: { href: `${publicUrl?.replace(/\/$/, '') ?? ''}${PATH}/${id}` } },
  }) as const
