import type { SyntaxFinding } from './syntax-place.ts'

/** The last line up to the error in which a quote is opened and not closed. */
export function missingQuote(lines: readonly string[], line: number): SyntaxFinding {
  for (let at = Math.min(line, lines.length); at > 0; at -= 1) {
    const source = lines[at - 1] ?? ''
    const opening = /(?<=^|[\s:,[{])(["'])(?:(?!\1).)*$/.exec(source)
    if (opening) {
      const words = { expected: `a closing \`${opening[1]}\``, got: 'the end of the line' }
      return { line: at, column: opening.index + 1, ...words, hint: 'Close the quotes.' }
    }
  }
  return { line, column: 1, expected: 'a closing quote', got: 'the end of the file', hint: 'Close the quotes.' }
}

/** The last bracket before the error that is not closed. Brackets within quotes count as well; they are rare. */
export function missingBracket(lines: readonly string[], line: number): SyntaxFinding {
  const open: { line: number; column: number; bracket: string }[] = []
  lines.slice(0, line - 1).forEach((source, at) => {
    const withoutReferences = source.replace(/\$\{[^}]*\}/g, (text) => ' '.repeat(text.length))
    for (const { 0: bracket, index } of withoutReferences.matchAll(/[[\]{}]/g)) {
      if (bracket === ']' || bracket === '}') open.pop()
      else open.push({ line: at + 1, column: index + 1, bracket })
    }
  })
  const { bracket, ...at } = open.at(-1) ?? { line, column: 1, bracket: '{' }
  const words = { expected: `a closing \`${bracket === '{' ? '}' : ']'}\``, got: 'none', hint: 'Close the bracket.' }
  return { ...at, ...words }
}
