/** Strings and punctuation of a JSON text; everything between is numbers, literals and white space. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g

/**
 * Whether some object of a JSON text names a member twice. Parsers disagree about which of the two counts, so that what
 * is verified here could be read differently elsewhere (RFC 7515 §4, RFC 7519 §4).
 * @param json Text that `JSON.parse` takes.
 */
export function hasRepeatedMember(json: string): boolean {
  const open: Set<string>[] = []
  let last = ''
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const names = open.at(-1)
      const name = String(JSON.parse(last)) // "\u0061lg" is "alg"
      if (names?.has(name)) return true
      names?.add(name)
    }
    last = token
  }
  return false
}
