/** Servers that also separate cookies at spaces or commas (Python's `http.cookies`, RFC 2109) read another one here. */
const ANOTHER_COOKIE = /[\s,][^\s,="]+=/

/**
 * The `Cookie` header as an upstream may see it. The gateway's own cookies never pass, behind a space in a value neither; of
 * the others only those that the application's profile claims, so that one application cannot read another's session.
 */
export function upstreamCookies(
  header: string | undefined,
  base: string,
  allowed: 'none' | 'all' | readonly string[],
): string | undefined {
  if (header === undefined || allowed === 'none') return undefined
  const lowerBase = base.toLowerCase()
  let kept = ''
  for (let at = 0; at < header.length; ) {
    const semicolon = header.indexOf(';', at)
    const end = semicolon < 0 ? header.length : semicolon
    const pair = header.slice(at, end).trim()
    at = end + 1
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals).trim()
    if (name === '' || namesOwn(name, pair, lowerBase)) continue
    if (allowed === 'all' || isListed(allowed, name, pair)) kept += kept === '' ? pair : `; ${pair}`
  }
  return kept === '' ? undefined : kept
}

/** Whether the name is one of the gateway's, or what such a server reads as a name in the value. */
function namesOwn(name: string, pair: string, lowerBase: string): boolean {
  const lower = pair.toLowerCase()
  if (!lower.includes(lowerBase)) return false
  const [, ...others] = lower.split(/[\s,]/)
  return name.toLowerCase().includes(lowerBase) || others.some((each) => each.split('=', 1)[0]?.includes(lowerBase))
}

/** Behind the name may be spaces and tabs. `trim` has also removed no-break spaces, which are part of a name elsewhere. */
const isListed = (allowed: readonly string[], name: string, pair: string) =>
  allowed.includes(name) && /^[ \t]*(?:=|$)/.test(pair.slice(name.length)) && !ANOTHER_COOKIE.test(pair)
