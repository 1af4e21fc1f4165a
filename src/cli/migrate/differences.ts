import type { AuthDatabase } from './database/auth-database.ts'
import type { Action } from './levels.ts'
import type { NewAccess } from './new-access.ts'
import type { OldAccess, Resource } from './old-access.ts'

/** Types that exist in every workspace. Others are compared only if a grant names them. */
const ALWAYS = ['experiment', 'registered_model']
const ON_DATA: readonly Action[] = ['read', 'update', 'delete']
const ON_GATEWAY: readonly Action[] = ['read', 'use', 'update', 'delete']

/** All resources that a rule can distinguish: those that grants name, and any other of each type. */
export function resourcesOf(database: AuthDatabase, workspaces: readonly string[]): Resource[] {
  const named = database.grants.filter((grant) => grant.type !== 'workspace')
  return workspaces.flatMap((workspace) => {
    const here = named.filter((grant) => grant.workspace === workspace)
    const types = [...new Set([...ALWAYS, ...here.map((grant) => grant.type)])]
    return types.flatMap((type) => {
      const ids = here.filter((grant) => grant.type === type && grant.pattern !== '*').map((grant) => grant.pattern)
      return [...[...new Set(ids)].sort(), '*'].map((id) => ({ workspace, type, id }))
    })
  })
}

/**
 * What each user gains or loses, one line per resource. Empty: access does not change. New users had no access before.
 * The lines are stable, so that they can be accepted one by one.
 */
export function differences(
  database: AuthDatabase,
  workspaces: readonly string[],
  before: OldAccess,
  after: NewAccess,
): string[] {
  const known = new Map(database.users.map((user) => [user.name, user]))
  const questions = [
    ...workspaces.map((workspace) => ({
      resource: { workspace, type: 'workspace', id: '*' },
      actions: ['create'] as const,
      what: `anything in ${workspace}`,
    })),
    ...resourcesOf(database, workspaces).map((resource) => ({
      resource,
      actions: resource.type.startsWith('gateway_') ? ON_GATEWAY : ON_DATA,
      what: label(resource),
    })),
  ]
  return [...new Set([...known.keys(), ...after.users])].flatMap((name) => {
    const user = known.get(name)
    return questions.flatMap(({ resource, actions, what }) => {
      const was = actions.filter((action) => user !== undefined && before.may(user, action, resource))
      const is = actions.filter((action) => after.may(name, action, resource))
      const gained = is.filter((action) => !was.includes(action))
      const lost = was.filter((action) => !is.includes(action))
      return [...line(name, 'gains', gained, what), ...line(name, 'loses', lost, what)]
    })
  })
}

const label = ({ workspace, type, id }: Resource) =>
  `${id === '*' ? `every other ${type}` : `${type} ${id}`} in ${workspace}`

const line = (user: string, verb: 'gains' | 'loses', actions: readonly Action[], what: string): string[] =>
  actions.length === 0 ? [] : [`${user} ${verb} ${actions.join(', ')}: ${what}`]
