/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other; case is ignored. */
export function editDistance(first: string, second: string): number {
  const [a, b] = [first.toLowerCase(), second.toLowerCase()]
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j))
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const steps = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1)]
      if (swapped) steps.push(at(i - 2, j - 2) + 1)
      ;(rows[i] as number[])[j] = Math.min(...steps)
    }
  }
  return at(a.length, b.length)
}

/** The one of the names that was probably meant; undefined if none is close. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const longer = names.find(
    (candidate) => candidate.length > 2 && name.toLowerCase().startsWith(candidate.toLowerCase()),
  )
  if (longer !== undefined && longer !== name) return longer
  const byDistance = names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = byDistance
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined
}
