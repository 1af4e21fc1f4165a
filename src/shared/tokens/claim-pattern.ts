/**
 * What a rule expects of a claim: an exact value, or a pattern. A pattern is a list of segments with the separators `/` and
 * `:` between them. `*` stands for exactly one whole segment. There is nothing else: no part of a segment, no number of
 * segments, no regular expression.
 */
export interface ClaimPattern {
  /** As it was written. */
  readonly text: string
  /** Segments and separators in turn. Undefined: an exact value. */
  readonly pieces: readonly string[] | undefined
}

/** Longest claim that a pattern is compared with, in UTF-16 code units. */
const MAX_VALUE = 2048
const SEPARATOR = /([/:])/
const WILDCARD = '*'
/** What `*` stands for: printable ASCII, so that no letter or separator of another script passes for one of these. */
const SEGMENT = /^[\x21-\x7e]+$/

/** Why a text is no pattern, for whoever wrote it; undefined for one that is. */
export function patternMistake(text: string): string | undefined {
  if (text === '' || text.length > 500) return 'expected 1 to 500 characters'
  if (!/^[\x20-\x7e]+$/.test(text)) return 'expected characters of ASCII; another script has letters that look the same'
  if (text !== text.trim()) return 'expected no space at the beginning or the end'
  const partial = text.split(SEPARATOR).some((piece) => piece !== WILDCARD && piece.includes(WILDCARD))
  return partial ? 'expected `*` as a whole segment between `/` or `:`, e.g. refs/heads/*' : undefined
}

export function parsePattern(text: string): ClaimPattern {
  const pieces = text.split(SEPARATOR)
  return { text, pieces: pieces.includes(WILDCARD) ? pieces : undefined }
}

/**
 * Whether a claim is what a rule expects. Compared by code units: other case, another Unicode form and white space are
 * other values. Only a single string matches; a list does not, even of one string.
 */
export function matchesPattern({ text, pieces }: ClaimPattern, value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_VALUE) return false
  if (pieces === undefined) return value === text
  const found = value.split(SEPARATOR)
  return found.length === pieces.length && pieces.every((piece, index) => matchesPiece(piece, found[index] as string))
}

const matchesPiece = (piece: string, found: string) => (piece === WILDCARD ? SEGMENT.test(found) : piece === found)

/**
 * Whether every value that `narrow` matches is one that `wide` matches. A `*` in `narrow` is read as a segment like any
 * other: only a `*` in `wide` matches it.
 */
export const covers = (wide: ClaimPattern, narrow: ClaimPattern): boolean => matchesPattern(wide, narrow.text)
