import type { YAMLError } from 'yaml'
import type { FieldError } from '../field-errors.ts'

interface Place {
  readonly line: number
  readonly col: number
}

type Words = Pick<FieldError, 'expected' | 'got' | 'hint'>

/** An error of the YAML parser in words about the file instead of about the grammar. */
export function syntaxError(text: string, error: YAMLError, place: Place): FieldError {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  const { line, column, length = 1, ...words } = indentationError(lines, error, place) ?? wordsFor(lines, error, place)
  return { path: '', position: { line, column, length }, ...words }
}

type Located = Words & { readonly line: number; readonly column: number; readonly length?: number }

const indentOf = (line: string) => line.length - line.trimStart().length
const isBlank = (line: string) => /^\s*(#|$)/.test(line)

/** A key that is indented neither like those before it nor like their values. */
function indentationError(
  lines: readonly string[],
  { code, message }: YAMLError,
  { line, col }: Place,
): Located | undefined {
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
function unaligned(lines: readonly string[], line: number): Located {
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

function wordsFor(lines: readonly string[], { code, message }: YAMLError, { line, col }: Place): Located {
  const at = { line, column: col }
  const source = lines[line - 1] ?? ''
  switch (code) {
    case 'TAB_AS_INDENT':
      return { ...at, expected: 'spaces as indentation', got: 'a tab', hint: 'Replace the tab with spaces.' }
    case 'DUPLICATE_KEY':
      return {
        ...at,
        length: /^[\w-]+/.exec(source.slice(col - 1))?.[0].length ?? 1,
        expected: 'each key once',
        got: 'a key that the mapping already has',
        hint: 'Remove one of the two, or merge them.',
      }
    case 'MULTILINE_IMPLICIT_KEY':
    case 'MISSING_CHAR':
      return message.includes('quote') ? missingQuote(lines, line) : missingColon(lines, line)
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        ...at,
        length: source.length - col + 1,
        expected: 'quotes around a value that contains `: `',
        got: 'a value without quotes',
        hint: 'Put the value in quotes.',
      }
    case 'BAD_SCALAR_START':
    case 'BAD_ALIAS':
      return {
        ...at,
        expected: 'quotes around a value that starts with a special character: @ % & * ! |',
        got: 'a value without quotes',
        hint: 'Put the value in quotes.',
      }
    case 'BAD_DQ_ESCAPE':
      return {
        ...at,
        length: 2,
        expected: 'an escape sequence such as `\\n` after a backslash in double quotes',
        got: 'another character',
        hint: 'Use single quotes, in which a backslash is an ordinary character.',
      }
    case 'MULTIPLE_DOCS':
      return { ...at, length: 3, expected: 'one document', got: 'another one after `---`', hint: 'Remove the `---`.' }
    case 'TAG_RESOLVE_FAILED':
      return {
        ...at,
        length: /^\S+/.exec(source.slice(col - 1))?.[0].length ?? 1,
        expected: 'a plain value',
        got: 'a YAML tag (`!`)',
        hint: 'Remove the tag. The environment is read with "${env:NAME}", a file with "${file:PATH}".',
      }
    default:
      return unexpected(lines, message, line, col)
  }
}

/** The last line up to the error in which a quote is opened and not closed. */
function missingQuote(lines: readonly string[], line: number): Located {
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

function missingColon(lines: readonly string[], line: number): Located {
  const source = lines[line - 1] ?? ''
  const at = { line, column: indentOf(source) + 1, length: Math.max(1, source.trim().length) }
  const hint = 'Write KEY: VALUE, with a space after the colon.'
  if (/^\s*[\w-]+:\S/.test(source)) return { ...at, expected: 'a space after the colon', got: 'none', hint }
  if (/^\s*[\w-]+\s*=/.test(source)) return { ...at, expected: 'a colon after the key', got: '`=`', hint }
  return { ...at, expected: 'a colon after the key', got: 'none', hint }
}

function unexpected(lines: readonly string[], message: string, line: number, column: number): Located {
  const at = { line, column }
  const source = lines[line - 1] ?? ''
  const character = source[column - 1] ?? ''
  const opening = (lines
    .slice(0, line)
    .join('\n')
    .match(/[[{](?=[^[{]*$)/) ?? [])[0]
  if (message.startsWith('Flow')) return missingBracket(lines, line)
  if (message.startsWith('Block collections'))
    return { ...at, expected: 'a comma between two entries in brackets', got: 'none', hint: 'Add the comma.' }
  if (message.includes('block-seq-ind'))
    return {
      ...at,
      expected: 'each entry of a list on a line of its own',
      got: '`-` after a key',
      hint: 'Write [A, B], or start a new line before `-`.',
    }
  if (opening !== undefined && /\$\{(env|file):/.test(source.slice(Math.max(0, column - 2))))
    return {
      ...at,
      expected: 'quotes around `${…}` within brackets',
      got: 'a reference without quotes',
      hint: 'Write "${env:NAME}".',
    }
  if ('}]'.includes(character) && character !== '')
    return {
      ...at,
      expected: `\`${character === '}' ? '{' : '['}\` before \`${character}\``,
      got: 'none',
      hint: 'Remove the bracket, or open it.',
    }
  if (message.includes('at node end'))
    return {
      ...at,
      expected: 'nothing after the closing quote or bracket',
      got: 'more text',
      hint: 'Put the whole value in quotes.',
    }
  return { ...at, expected: 'YAML', got: 'something else', hint: 'Check quotes, brackets and indentation here.' }
}

/** The last bracket before the error that is not closed. Brackets within quotes are rare and not told apart. */
function missingBracket(lines: readonly string[], line: number): Located {
  const open: { line: number; column: number; bracket: string }[] = []
  lines.slice(0, line - 1).forEach((source, at) => {
    for (const { 0: bracket, index } of source
      .replace(/\$\{[^}]*\}/g, (text) => ' '.repeat(text.length))
      .matchAll(/[[\]{}]/g)) {
      if (bracket === ']' || bracket === '}') open.pop()
      else open.push({ line: at + 1, column: index + 1, bracket })
    }
  })
  const { bracket, ...at } = open.at(-1) ?? { line, column: 1, bracket: '{' }
  const words = { expected: `a closing \`${bracket === '{' ? '}' : ']'}\``, got: 'none', hint: 'Close the bracket.' }
  return { ...at, ...words }
}
