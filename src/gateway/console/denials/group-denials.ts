import type { DenialRecord } from './denial-record.ts'

/** Denials that have something in common. */
export interface DenialGroup {
  readonly key: string
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly lastAt: number
}

/** Groups, the largest first. */
export function groupDenials(
  denials: readonly DenialRecord[],
  keyOf: (denial: DenialRecord) => string,
): readonly DenialGroup[] {
  const groups = new Map<string, { key: string; count: number; lastAt: number }>()
  for (const denial of denials) {
    const key = keyOf(denial)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { key, count: 1, lastAt: denial.at })
    else {
      group.count += 1
      group.lastAt = Math.max(group.lastAt, denial.at)
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || b.lastAt - a.lastAt)
}

/** Where a denied request went: its route, else the gateway's own endpoint. */
export const placeOf = ({ route, endpoint }: DenialRecord): string => route ?? endpoint ?? 'no route'

export const whoOf = ({ caller }: DenialRecord): string => caller?.username ?? 'nobody signed in'
