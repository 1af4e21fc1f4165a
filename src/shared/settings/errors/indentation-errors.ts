import type { YAMLError } from 'yaml'
import { indentOf, type SyntaxFinding } from './syntax-place.ts'

const isBlank = (line: string) => /^\s*(#|$)/.test(line)

/** A key that is indented neither like those before it nor like their values. */
export function indentationError(
  lines: readonly string[],
  { code, message }: YAMLError,
  { line, col }: { line: number; col: number },
): SyntaxFinding | undefined {
  if (code === 'BAD_INDENT' && !message.startsWith('Flow')) return unaligned(lines, line)
  if (message === 'Sequence item without - indicator') return unaligned(lines, line)
  if (code !== 'BLOCK_AS_IMPLICIT_KEY') return undefined
  const value = (lines[line - 1] ?? '').slice(col - 1)
  return /:\s/.test(value) ? undefined : unaligned(lines, nextLine(lines, line))
}

function nextLine(lines: readonly string[], line: number): number {
  const offset = lines.slice(line).findIndex((each) => !isBlank(each))
  return line + 1 + Math.max(0, offset)
}

/** @param line Number of the line that does not fit */
function unaligned(lines: readonly string[], line: number): SyntaxFinding {
  const source = lines[line - 1] ?? ''
  const indent = indentOf(source)
  const allowed = indentsAbove(lines, line)
  const nearest = [...allowed].sort((a, b) => Math.abs(a - indent) - Math.abs(b - indent) || b - a)[0] ?? 0
  return {
    line,
    column: indent + 1,
    length: Math.max(1, source.trim().length),
    expected: `an indentation of ${allowed.map(String).join(' or ')} spaces, as in the lines above`,
    got: `${indent} ${indent === 1 ? 'space' : 'spaces'}`,
    hint: nearest === 0 ? 'Remove the indentation of this line.' : `Indent this line by ${nearest} spaces.`,
  }
}

/** Columns of the keys of the mappings that are open at a line; a key after `- ` starts where the key is. */
function indentsAbove(lines: readonly string[], line: number): number[] {
  const indents: number[] = []
  for (const each of lines.slice(0, line - 1).filter((source) => !isBlank(source))) {
    const key = /^(\s*(?:- +)*)[^\s-]/.exec(each)?.[1]?.length ?? indentOf(each)
    while (indents.length > 0 && (indents.at(-1) ?? 0) > indentOf(each)) indents.pop()
    if (indents.at(-1) !== key) indents.push(key)
  }
  return indents
}
