import type { FieldError } from '../field-errors.ts'

/** What to say about a syntax error. */
export type SyntaxWords = Pick<FieldError, 'expected' | 'got' | 'hint'>

/** A syntax error and its place, counted from 1. `length` in characters. */
export type SyntaxFinding = SyntaxWords & { readonly line: number; readonly column: number; readonly length?: number }

export const indentOf = (line: string): number => line.length - line.trimStart().length
