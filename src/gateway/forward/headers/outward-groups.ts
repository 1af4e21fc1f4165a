import type { Principal } from '../../policy/types.ts'

/** Room for groups towards an upstream, in characters: servers refuse header sections of 8 to 64 KiB. */
const MAX_CHARACTERS = 6000

const known = new WeakMap<Principal, readonly string[]>()

/**
 * The groups an upstream is told. All of them where they fit; the policy itself always uses all. Where a person is
 * in hundreds, the shortest names stay: an upstream that needs one certain group reads `role` and `project_id` instead.
 */
export function outwardGroups(principal: Principal): readonly string[] {
  const cached = known.get(principal)
  if (cached) return cached
  const all = [...principal.groups]
  const groups = sizeOf(all) <= MAX_CHARACTERS ? all : shortestThatFit(all)
  known.set(principal, groups)
  return groups
}

const sizeOf = (groups: readonly string[]) => groups.reduce((sum, group) => sum + group.length + 3, 0)

function shortestThatFit(groups: readonly string[]): string[] {
  const kept: string[] = []
  let room = MAX_CHARACTERS
  for (const group of groups.toSorted((a, b) => a.length - b.length)) {
    room -= group.length + 3
    if (room < 0) break
    kept.push(group)
  }
  return kept
}
