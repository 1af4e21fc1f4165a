import type { Logger } from 'pino'
import { parseProjectId } from '../../shared/project-id.ts'
import { type Claims, MAX_SUBJECT, textClaim, usernameOf } from '../../shared/tokens/claims.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'

type ClaimNames = Pick<Config['issuer'], 'groupsClaim' | 'projectsClaim' | 'usernameClaim'> &
  Partial<Pick<Config['issuer'], 'groups'>>

/**
 * The principal that verified claims name. Its identity is `iss` + `sub`; username, name and e-mail can be reassigned
 * and are only displayed (OIDC Core §5.7). Groups are the exact strings of the claim, as `issuer.groups` reads them.
 * @throws Refusal login-failed: no usable `iss` or `sub`
 */
export function principalOf(claims: Claims, names: ClaimNames, log: Logger): Principal {
  const issuer = textClaim(claims.iss)
  const subject = textClaim(claims.sub, MAX_SUBJECT)
  if (issuer === undefined || subject === undefined) {
    throw new Refusal('login-failed', 'the claims contain no usable iss and sub')
  }
  const email = textClaim(claims.email)
  const name = textClaim(claims.name)
  return {
    issuer,
    subject,
    kind: 'person',
    username: usernameOf(claims, names.usernameClaim, subject),
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    groups: groupsOf(claims, names, log),
    projectIds: new Set([...listed(claims, names.projectsClaim, log)].flatMap((id) => parseProjectId(id) ?? [])),
  }
}

/**
 * The strings of a list claim, or one string. An absent claim, or one of another type, grants nothing.
 * @param claim Its name; a dot leads into an object, unless a claim of the whole name exists (`https://o.example/groups`).
 */
function listed(claims: Claims, claim: string, log: Logger): ReadonlySet<string> {
  const value = claimAt(claims, claim)
  if (value === undefined) return new Set()
  const entries: readonly unknown[] | undefined =
    typeof value === 'string' ? [value] : Array.isArray(value) ? value : undefined
  if (entries === undefined) {
    log.warn({ claim, got: typeof value }, 'claim ignored: expected a list of strings')
    return new Set()
  }
  const usable = entries.filter((entry): entry is string => textClaim(entry) !== undefined)
  if (usable.length < entries.length) {
    log.warn({ claim, dropped: entries.length - usable.length }, 'claim entries dropped: expected printable strings')
  }
  return new Set(usable)
}

/** The value of a claim, or of a member within one. Inherited members are none. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  return name.split('.').reduce<unknown>((value, member) => {
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value)
    return isObject && Object.hasOwn(value, member) ? Reflect.get(value, member) : undefined
  }, claims)
}

/** Groups as the configuration compares them. */
function groupsOf(claims: Claims, { groupsClaim, groups }: ClaimNames, log: Logger): ReadonlySet<string> {
  const found = listed(claims, groups?.claim ?? groupsClaim, log)
  if (groups === undefined || (groups.normalize === 'none' && groups.prefix === '')) return found
  const read = [...found].map((group) => (groups.normalize === 'keycloak-path' ? group.replace(/^\//, '') : group))
  return new Set(read.filter((group) => group !== '' && group.startsWith(groups.prefix)))
}
