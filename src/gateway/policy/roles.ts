import type { AccessRules, Principal, Role } from './types.ts'

/** From the weakest to the strongest. */
const ORDER: readonly Role[] = ['anonymous', 'user', 'viewer', 'editor', 'admin']

/** Whether `role` allows less than `other`. */
export const isWeaker = (role: Role, other: Role): boolean => ORDER.indexOf(role) < ORDER.indexOf(other)

/** An administrator is a member of the admin group, or a machine that is named as a service user. Exact comparison. */
export function isAdmin(principal: Principal, rules: AccessRules): boolean {
  if (principal.groups.has(rules.adminGroup)) return true
  return principal.kind === 'machine' && principal.clientId !== undefined && rules.serviceUsers.has(principal.clientId)
}
