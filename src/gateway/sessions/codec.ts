import type { Principal } from '../policy/types.ts'
import type { Session } from './session.ts'

/** Grows when the stored shape changes so that older text cannot be read as the new one. */
const VERSION = 1

interface EncodedSession extends Omit<Session, 'key' | 'principal'> {
  readonly v: number
  readonly principal: Omit<Principal, 'groups' | 'projectIds'> & { groups: string[]; projectIds: string[] }
}

/** A session as JSON: sets become arrays. The key is left out; it is bound to the text by the seal. */
export function encodeSession({ key: _key, principal, ...rest }: Session): string {
  const encoded: EncodedSession = {
    v: VERSION,
    ...rest,
    principal: { ...principal, groups: [...principal.groups], projectIds: [...principal.projectIds] },
  }
  return JSON.stringify(encoded)
}

/** Reads what {@link encodeSession} wrote; undefined for another version. The seal has proved who wrote it. */
export function decodeSession(key: string, text: string): Session | undefined {
  const { v, principal, ...rest } = JSON.parse(text) as EncodedSession
  if (v !== VERSION) return undefined
  const { groups, projectIds, ...person } = principal
  return { ...rest, key, principal: { ...person, groups: new Set(groups), projectIds: new Set(projectIds) } }
}
