import { isUtf8 } from 'node:buffer'

export interface ProjectQuery {
  /** Decoded values of every `projectId` parameter. */
  readonly values: readonly string[]
  /** The query without these parameters; the rest is unchanged, byte for byte. */
  readonly rest: string
  /** True when a more lenient parser would read a parameter as the project: other case, brackets, `;`. */
  readonly lookalike: boolean
}

/** Whether a query may name the project: the letters of every spelling, with whatever is ignored between them, or escapes. */
const MAYBE = /p[^a-z0-9&=]*r[^a-z0-9&=]*o|%[0-9a-f]{2}/i

/**
 * Takes the project out of a query string, so that the upstream receives it in one header and nowhere else.
 * Works on the raw text, so that all other parameters stay unchanged. `%70rojectId` is `projectId` (WHATWG URL §5).
 */
export function takeProjectQuery(query: string): ProjectQuery {
  if (!MAYBE.test(query)) return { values: [], rest: query, lookalike: false }
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
    // Some parsers also separate parameters at `;`.
    if ([pair, ...pair.split(';')].some(namesProject)) lookalike = true
    rest.push(pair)
  }
  return { values, rest: rest.join('&'), lookalike }
}

/**
 * Names that a more lenient parser reads as `projectId`: another case, punctuation or spaces around or within it, a list,
 * a name with a NUL or cut at it, letters of full width (Unicode NFKC).
 */
const isLookalike = (name: string) => {
  const [before = ''] = name.normalize('NFKC').split('[', 1)
  return isProject(before) || isProject(before.split('\0', 1)[0] as string)
}

const isProject = (name: string) => name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase() === 'projectid'

function namesProject(pair: string): boolean {
  const raw = pair.split('=', 1)[0] as string
  const name = decodeParameter(raw)
  return name !== 'project_id' && (isLookalike(name) || isLookalike(raw.replaceAll(/(?:%[0-9a-f]{2})+/gi, decodeUtf8)))
}

/** The escapes, decoded where they are UTF-8. Others stay as they are, as werkzeug reads them: their letters count too. */
function decodeUtf8(escapes: string): string {
  const bytes = Buffer.from(escapes.replaceAll('%', ''), 'hex')
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((each) => isUtf8(bytes.subarray(at, at + each)))
    text += length === undefined ? escapes.slice(at * 3, at * 3 + 3) : bytes.toString('utf8', at, at + length)
    at += length ?? 1
  }
  return text
}

function decodeParameter(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return decodeLeniently(spaced)
  }
}

/** What is no escape stays, and bytes that are no UTF-8 become U+FFFD, as servers read them (WHATWG URL §5.1). */
const decodeLeniently = (text: string) => Buffer.from(text.replaceAll(/%[0-9a-f]{2}/gi, byteOf), 'latin1').toString()

const byteOf = (octet: string) => String.fromCharCode(Number.parseInt(octet.slice(1), 16))
