export interface ProjectQuery {
  /** Decoded values of every `projectId` parameter. */
  readonly values: readonly string[]
  /** The query without them, otherwise byte for byte. */
  readonly rest: string
  /** True when a parameter would be read as the project by a laxer parser: other case, brackets, `;`. */
  readonly lookalike: boolean
}

/**
 * Takes the project out of a query string, so that it leaves the gateway as one header and nowhere else.
 * Works on the raw text: what is not the project is not touched. `%70rojectId` is `projectId` (WHATWG URL §5).
 */
export function takeProjectQuery(query: string): ProjectQuery {
  if (query === '' || !/project|%[0-9a-f]{2}/i.test(query)) return { values: [], rest: query, lookalike: false }
  const values: string[] = []
  const rest: string[] = []
  let lookalike = false
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const name = decodeParameter(equals < 0 ? pair : pair.slice(0, equals))
    if (name === 'projectId') {
      values.push(decodeParameter(equals < 0 ? '' : pair.slice(equals + 1)))
      continue
    }
    if (name !== 'project_id' && isLookalike(name)) lookalike = true
    // Some parsers end a pair at `;` too.
    if (pair.includes(';')) lookalike ||= pair.split(';').slice(1).some(namesProject)
    rest.push(pair)
  }
  return { values, rest: rest.join('&'), lookalike }
}

/** What a laxer parser reads as `projectId`: another case, blanks around it, a list, a name that ends at a NUL. */
const isLookalike = (name: string) => /^\s*project[-_]?id\s*(?:[[\0].*)?$/is.test(name)

function namesProject(pair: string): boolean {
  const name = decodeParameter(pair.split('=', 1)[0] as string)
  return name !== 'project_id' && isLookalike(name)
}

function decodeParameter(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
