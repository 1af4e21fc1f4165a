import type { Principal } from '../../policy/types.ts'
import type { Session } from '../session.ts'

/** Grows when the stored shape changes, so that older text is never read as newer. */
const VERSION = 1

interface EncodedSession extends Omit<Session, 'key' | 'principal'> {
  readonly v: number
  readonly principal: Omit<Principal, 'groups' | 'projectIds'> & { groups: string[]; projectIds: string[] }
}

/** A session as JSON; sets become arrays. The key is left out: the seal binds it to the text. */
export function encodeSession({ key: _key, principal, ...rest }: Session): string {
  const encoded: EncodedSession = {
    v: VERSION,
    ...rest,
    principal: { ...principal, groups: [...principal.groups], projectIds: [...principal.projectIds] },
  }
  return JSON.stringify(encoded)
}

/** Parses what {@link encodeSession} wrote, which the seal has proved; undefined for another version. */
export function decodeSession(key: string, text: string): Session | undefined {
  const { v, principal, ...rest } = JSON.parse(text) as EncodedSession
  if (v !== VERSION) return undefined
  const { groups, projectIds, ...others } = principal
  return { ...rest, key, principal: { ...others, groups: new Set(groups), projectIds: new Set(projectIds) } }
}
