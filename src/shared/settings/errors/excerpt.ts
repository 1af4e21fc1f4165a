import type { Position } from '../field-errors.ts'

/** A part of a text: offsets of its first character and of the one after its last. */
export interface Range {
  readonly start: number
  readonly end: number
}

const WIDTH = 100

/** The line of an error with a caret below it; what is in a hidden range appears as `…`. */
export function excerpt(text: string, { line, column, length }: Position, hidden: readonly Range[]): string {
  const lines = text.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  const source = (lines[line - 1] ?? '').replace(/\r$/, '')
  const cells = Array.from({ length: source.length }, (_, index) => cellAt(source, start, index, hidden))
  const before = cells.slice(0, column - 1).join('')
  const marked = cells.slice(column - 1, column - 1 + length).join('')
  const shown = window(cells.join('').trimEnd(), before.length)
  const margin = `  ${line} | `
  const caret = `${' '.repeat(margin.length - 2)}| ${' '.repeat(before.length - shown.cut)}${'^'.repeat(Math.max(1, marked.trimEnd().length))}`
  return `${margin}${shown.text}\n${caret.slice(0, margin.length + WIDTH)}`
}

/** The whole text, with `…` for each hidden range. Its lines stay lines. */
export function withoutRanges(text: string, hidden: readonly Range[]): string {
  let [shown, at] = ['', 0]
  for (const { start, end } of [...hidden].sort((a, b) => a.start - b.start)) {
    if (end <= at) continue
    const from = Math.max(start, at)
    shown += `${text.slice(at, from)}…${text.slice(from, end).replaceAll(/[^\n]/g, '')}`
    at = end
  }
  return shown + text.slice(at)
}

function cellAt(source: string, lineStart: number, index: number, hidden: readonly Range[]): string {
  const at = lineStart + index
  const range = hidden.find(({ start, end }) => start <= at && at < end)
  if (range !== undefined) return at === range.start || index === 0 ? '…' : ''
  const character = source[index] ?? ''
  // Control characters could change what the terminal shows.
  return /[\u0000-\u001f\u007f-\u009f]/.test(character) ? ' ' : character
}

/** At most `WIDTH` characters of a line, with what the caret points at among them. */
function window(line: string, caret: number): { text: string; cut: number } {
  if (line.length <= WIDTH) return { text: line, cut: 0 }
  const cut = caret > WIDTH - 20 ? caret - 40 : 0
  const text = line.slice(cut, cut + WIDTH)
  const start = cut > 0 ? `…${text.slice(1)}` : text
  return { text: cut + WIDTH < line.length ? `${start.slice(0, -1)}…` : start, cut }
}
