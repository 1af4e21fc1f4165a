import type { Claims } from './claims.ts'

/** Where a claim is: its name, and the names of the members that lead into it. */
export type ClaimPath = readonly string[]

const POINTER = /^(?:\/(?:[^~/]|~[01])+)+$/

/**
 * Reads the name of a claim in a rule. A text that begins with `/` is a JSON Pointer (RFC 6901) into an object, such as
 * `/kubernetes.io/namespace`. Every other text is the name of a claim as it is, dots and slashes included, so that no
 * name can be read in two ways.
 * @returns undefined for a text that is neither
 */
export function parseClaimPath(text: string): ClaimPath | undefined {
  if (!text.startsWith('/')) return text === '' ? undefined : [text]
  if (!POINTER.test(text)) return undefined
  return text
    .slice(1)
    .split('/')
    .map((member) => member.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value there. Undefined for a missing one; lists have no members, and inherited members are none. */
export function claimAtPath(claims: Claims, path: ClaimPath): unknown {
  return path.reduce<unknown>((value, member) => {
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value)
    return isObject && Object.hasOwn(value, member) ? Reflect.get(value, member) : undefined
  }, claims)
}
