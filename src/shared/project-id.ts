/** The textual form of a UUID (RFC 9562 §4); hexadecimal digits of either case. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const NONE: NamedProject = { kind: 'none' }

/** What a request itself says about its project, before anything is known about the caller. */
export type NamedProject =
  | { kind: 'none' }
  | { kind: 'named'; id: string }
  | { kind: 'malformed' }
  | { kind: 'ambiguous' }

/** A project ID (a UUID) in lower case, or undefined. */
export function parseProjectId(text: string): string | undefined {
  return UUID.test(text) ? text.toLowerCase() : undefined
}

/**
 * Which project a request names, over all its explicit sources (path segment, headers, query). Each source counts each
 * time it occurs: the same project twice is one name, two projects are ambiguous, and one malformed ID makes the whole
 * request malformed.
 */
export function nameProject(values: readonly string[]): NamedProject {
  let found: string | undefined
  for (const value of values) {
    const id = parseProjectId(value)
    if (id === undefined) return { kind: 'malformed' }
    if (found !== undefined && found !== id) return { kind: 'ambiguous' }
    found = id
  }
  return found === undefined ? NONE : { kind: 'named', id: found }
}
