/** Strings and punctuation of a JSON text. Numbers, literals and white space lie between. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g

/**
 * Whether any object of a JSON text names a member twice. Parsers disagree about which of the two counts: another one
 * could read other claims than those verified here (RFC 7515 §4, RFC 7519 §4).
 * @param json Text that `JSON.parse` accepts.
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
