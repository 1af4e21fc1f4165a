import * as z from 'zod'
import { uuidText } from '../operation/field-types.ts'
import { linkBase, links } from '../operation/hal.ts'
import { operation } from '../operation/operation.ts'
import { Problem } from '../operation/problems.ts'
import type { Context, Operation } from '../operation/spec.ts'
import type { DefaultConnection } from '../store/defaults.ts'
import { isVisible } from './connection-rules.ts'

/**
 * The only user attribute: which connection the caller uses in a project by default. The published client reads it at `search/findByName?name=DEFAULT_CONNECTION`.
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
  response: attribute,
  reasons: ['not-found'],
  handle: async ({ deps, project, principal, query }) => {
    const found = query.name === NAME ? await deps.defaults.find(project.id, principal.subject) : undefined
    if (!found) throw new Problem('not-found', 'user attribute')
    return { body: view(found, linkBase(deps.config)) }
  },
})

const set = operation({
  method: 'post',
  path: PATH,
  id: 'setUserAttribute',
  summary: 'Sets the caller’s default connection in the project.',
  scope: 'project',
  needs: 'editor',
  body: newAttribute,
  status: 201,
  response: attribute,
  handle: async (context) => {
    const { deps, project, principal, body } = context
    await checkUsable(context, body.value.defaultDatasetConnectionId)
    const created = await deps.defaults.set(project.id, principal.subject, body.value.defaultDatasetConnectionId)
    context.audit('default-connection-set', { connection: created.connectionId })
    return { body: view(created, linkBase(deps.config)) }
  },
})

const clear = operation({
  method: 'delete',
  path: `${PATH}/:id`,
  id: 'deleteUserAttribute',
  summary: 'Removes the caller’s default connection in the project.',
  scope: 'project',
  needs: 'editor',
  status: 204,
  reasons: ['not-found'],
  handle: async ({ deps, project, principal, params, audit }) => {
    if (!(await deps.defaults.clear(project.id, principal.subject, params.id ?? '')))
      throw new Problem('not-found', 'user attribute')
    audit('default-connection-cleared')
    return {}
  },
})

export const defaultConnectionOperations: readonly Operation[] = [find, set, clear]

/** @throws Problem body-invalid, alike for a connection that does not exist and one that the caller cannot see */
async function checkUsable(
  { deps, project, principal }: Context<'project', unknown, unknown>,
  id: string,
): Promise<void> {
  const record = await deps.connections.find(project.id, id)
  if (record && isVisible(record, principal)) return
  const path = 'value.defaultDatasetConnectionId'
  const errors = [{ path, expected: 'a connection of this project that you can see', got: id }]
  throw new Problem('body-invalid', 'default connection', { errors })
}

const view = ({ id, connectionId }: DefaultConnection, base: string) =>
  ({
    id,
    name: NAME,
    value: { defaultDatasetConnectionId: connectionId },
    _links: { self: { href: `${base}${PATH}/${id}` } },
  }) as const
