import type { ErrorCode, YAMLError } from 'yaml'
import type { FieldError } from '../field-errors.ts'
import { indentationError } from './indentation-errors.ts'
import { indentOf, type SyntaxFinding, type SyntaxWords } from './syntax-place.ts'
import { missingBracket, missingQuote } from './unclosed.ts'

interface Place {
  readonly line: number
  readonly col: number
}

/** An error of the YAML parser in words about the file instead of about the grammar. */
export function syntaxError(text: string, error: YAMLError, place: Place): FieldError {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  const finding =
    indentationError(lines, error, place) ?? unclosedError(lines, error, place) ?? otherError(lines, error, place)
  const { line, column, length = 1, ...words } = finding
  return { path: '', position: { line, column, length }, ...words }
}

/** Their place is where something was opened, not where the parser found it missing. */
function unclosedError(
  lines: readonly string[],
  { code, message }: YAMLError,
  { line }: Place,
): SyntaxFinding | undefined {
  if (message.startsWith('Flow')) return missingBracket(lines, line)
  if (code !== 'MULTILINE_IMPLICIT_KEY' && code !== 'MISSING_CHAR') return undefined
  return message.includes('quote') ? missingQuote(lines, line) : missingColon(lines, line)
}

function missingColon(lines: readonly string[], line: number): SyntaxFinding {
  const source = lines[line - 1] ?? ''
  const at = { line, column: indentOf(source) + 1, length: Math.max(1, source.trim().length) }
  const hint = 'Write KEY: VALUE, with a space after the colon.'
  if (/^\s*[\w-]+:\S/.test(source)) return { ...at, expected: 'a space after the colon', got: 'none', hint }
  if (/^\s*[\w-]+\s*=/.test(source)) return { ...at, expected: 'a colon after the key', got: '`=`', hint }
  return { ...at, expected: 'a colon after the key', got: 'none', hint }
}

interface Rule extends SyntaxWords {
  /** What of the rest of the line the caret marks. Default: one character. */
  readonly marks?: RegExp
}

const QUOTE: Pick<Rule, 'got' | 'hint'> = { got: 'a value without quotes', hint: 'Put the value in quotes.' }
const SPECIAL: Rule = {
  expected: 'quotes around a value that starts with a special character: @ % & * ! |',
  ...QUOTE,
}

const BY_CODE: Partial<Record<ErrorCode, Rule>> = {
  TAB_AS_INDENT: { expected: 'spaces as indentation', got: 'a tab', hint: 'Replace the tab with spaces.' },
  DUPLICATE_KEY: {
    expected: 'each key once',
    got: 'a key that the mapping already has',
    hint: 'Remove one of the two, or merge them.',
    marks: /^[\w-]+/,
  },
  BLOCK_AS_IMPLICIT_KEY: { expected: 'quotes around a value that contains `: `', ...QUOTE, marks: /^.*/ },
  BAD_SCALAR_START: SPECIAL,
  BAD_ALIAS: SPECIAL,
  BAD_DQ_ESCAPE: {
    expected: 'an escape sequence such as `\\n` after a backslash in double quotes',
    got: 'another character',
    hint: 'Use single quotes, in which a backslash is an ordinary character.',
    marks: /^../,
  },
  MULTIPLE_DOCS: {
    expected: 'one document',
    got: 'another one after `---`',
    hint: 'Remove the `---`.',
    marks: /^---/,
  },
  TAG_RESOLVE_FAILED: {
    expected: 'a plain value',
    got: 'a YAML tag (`!`)',
    hint: 'Remove the tag. The environment is read with "${env:NAME}", a file with "${file:PATH}".',
    marks: /^\S+/,
  },
  BLOCK_IN_FLOW: { expected: 'a comma between two entries in brackets', got: 'none', hint: 'Add the comma.' },
}

function otherError(lines: readonly string[], { code, message }: YAMLError, { line, col }: Place): SyntaxFinding {
  const rest = (lines[line - 1] ?? '').slice(col - 1)
  const isInBrackets = /[[{][^[{]*$/.test(lines.slice(0, line).join('\n'))
  const { marks, ...words } = BY_CODE[code] ?? unexpected(message, rest, isInBrackets)
  return { line, column: col, length: Math.max(1, marks?.exec(rest)?.[0].length ?? 1), ...words }
}

/** @param rest Of the line, from the character that the parser did not expect */
function unexpected(message: string, rest: string, isInBrackets: boolean): Rule {
  if (message.includes('block-seq-ind')) {
    const hint = 'Write [A, B], or start a new line before `-`.'
    return { expected: 'each entry of a list on a line of its own', got: '`-` after a key', hint }
  }
  if (isInBrackets && /^.?\{?(env|file):/.test(rest)) {
    const expected = 'quotes around `${…}` within brackets'
    return { expected, got: 'a reference without quotes', hint: 'Write "${env:NAME}".' }
  }
  const closing = /^[}\]]/.exec(rest)?.[0]
  if (closing !== undefined) {
    const hint = 'Remove the bracket, or open it.'
    return { expected: `\`${closing === '}' ? '{' : '['}\` before \`${closing}\``, got: 'none', hint }
  }
  if (message.includes('at node end')) {
    const hint = 'Put the whole value in quotes.'
    return { expected: 'nothing after the closing quote or bracket', got: 'more text', hint }
  }
  return { expected: 'YAML', got: 'something else', hint: 'Check quotes, brackets and indentation here.' }
}
