import { Problem } from './problems.ts'

/** Optimistic concurrency (RFC 9110 §13): the entity tag is the revision. */

export const tagOf = (revision: number) => `"${revision}"`

const tags = (header: string) => header.split(',').map((tag) => tag.trim())

/**
 * Rejects a change that was made from an older state. The published client sends no `If-Match`, but it sends back the
 * `revision` that it read, which counts the same.
 * @throws Problem precondition-failed
 */
export function checkUnchanged(ifMatch: string | undefined, readRevision: number | undefined, revision: number): void {
  const isStale = readRevision !== undefined && readRevision !== revision
  if (isStale || !isMatch(ifMatch, revision)) throw new Problem('precondition-failed', `is at revision ${revision}`)
}

/** Whether the revision meets an `If-Match`, if there is one. Weak tags never match (RFC 9110 §13.1.1). */
export const isMatch = (ifMatch: string | undefined, revision: number): boolean =>
  ifMatch === undefined || ifMatch.trim() === '*' || tags(ifMatch).includes(tagOf(revision))

export function isUnchanged(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.trim() === '*' || tags(ifNoneMatch).some((value) => value.replace(/^W\//, '') === tag)
}
