/**
 * The `Cookie` header as an upstream may see it. The gateway's own cookies never pass; of the others only those that the
 * application's profile claims, so that one application cannot read another's session.
 */
export function upstreamCookies(
  header: string | undefined,
  base: string,
  allowed: 'none' | 'all' | readonly string[],
): string | undefined {
  if (header === undefined || allowed === 'none') return undefined
  const lowerBase = base.toLowerCase()
  const kept = header.split(';').filter((pair) => {
    const name = pair.slice(0, pair.indexOf('=') < 0 ? undefined : pair.indexOf('=')).trim()
    if (name === '' || name.toLowerCase().includes(lowerBase)) return false
    return allowed === 'all' || allowed.includes(name)
  })
  return kept.length === 0 ? undefined : kept.map((pair) => pair.trim()).join('; ')
}
