import type { Logger } from 'pino'
import { parseProjectId } from '../../shared/project-id.ts'
import type { Config } from '../config/schema.ts'
import { Refusal } from '../errors.ts'
import type { Principal } from '../policy/types.ts'

/** Claims of a verified token or of userinfo. Each may be any JSON value. */
export type Claims = Readonly<Record<string, unknown>>

type ClaimNames = Pick<Config['issuer'], 'groupsClaim' | 'projectsClaim' | 'usernameClaim'>

const MAX_SUBJECT = 255
const MAX_TEXT = 256

/**
 * The principal that verified claims name. Its identity is `iss` + `sub`; username, name and e-mail can be reassigned
 * and are only displayed (OIDC Core §5.7). Groups are the exact strings of a list; any other value grants nothing.
 * @throws Refusal login-failed: no usable `iss` or `sub`
 */
export function principalOf(claims: Claims, names: ClaimNames, log: Logger): Principal {
  const issuer = text(claims.iss)
  const subject = text(claims.sub, MAX_SUBJECT)
  if (issuer === undefined || subject === undefined) {
    throw new Refusal('login-failed', 'the claims contain no usable iss and sub')
  }
  const email = text(claims.email)
  const name = text(claims.name)
  return {
    issuer,
    subject,
    kind: 'person',
    username: text(claims[names.usernameClaim]) ?? email ?? subject,
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    groups: listed(claims, names.groupsClaim, log),
    projectIds: new Set([...listed(claims, names.projectsClaim, log)].flatMap((id) => parseProjectId(id) ?? [])),
  }
}

/** A string that fits into a header and a log line as it is. One with control characters is unusable; none is trimmed. */
function text(value: unknown, max = MAX_TEXT): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= max && !hasControls(value) ? value : undefined
}

const hasControls = (value: string) => /[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(value)

/** The strings of a list claim. An absent claim, or one that is not a list, grants nothing. */
function listed(claims: Claims, claim: string, log: Logger): ReadonlySet<string> {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  if (value === undefined) return new Set()
  if (!Array.isArray(value)) {
    log.warn({ claim, got: typeof value }, 'claim ignored: expected a list of strings')
    return new Set()
  }
  const usable = value.filter((entry): entry is string => text(entry) !== undefined)
  if (usable.length < value.length) {
    log.warn({ claim, dropped: value.length - usable.length }, 'claim entries dropped: expected printable strings')
  }
  return new Set(usable)
}
