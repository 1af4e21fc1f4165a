import type { Parser, Reading } from '../oracles/oracle.ts'

/** A parser of the gateway under test, with what must hold for every input. */
export interface FuzzTarget {
  /** Inputs to begin with, Latin-1. */
  readonly seeds: readonly string[]
  /** Pieces that mutations insert, in addition to the texts in the sources, Latin-1. */
  readonly dictionary?: readonly string[]
  /** What must hold, in words, for the documentation. */
  readonly invariants: readonly string[]
  /**
   * Checks one input.
   * @returns Whether the gateway accepts it
   * @throws Finding, or anything else: the gateway must not throw it either
   */
  check(input: Buffer): boolean | Promise<boolean>
  /** What other parsers must read of what the gateway forwards. Nothing for what it denies. */
  compare?(input: Buffer): Comparison[] | Promise<Comparison[]>
}

/** Bytes for another parser, and what it must read. */
export interface Comparison {
  readonly parser: Parser
  /** Latin-1. */
  readonly bytes: string
  /** What differs; undefined: both parsers read the same. */
  differs(reading: Reading): string | undefined
}

/** An invariant that does not hold. */
export class Finding extends Error {
  /** The invariant; the same for every input that breaks it. */
  readonly invariant: string

  constructor(invariant: string, detail = '') {
    super(detail === '' ? invariant : `${invariant}: ${detail}`)
    this.name = 'Finding'
    this.invariant = invariant
  }
}

/** @throws Finding */
export function must(holds: boolean, invariant: string, detail?: () => string): asserts holds {
  if (!holds) throw new Finding(invariant, detail?.())
}

/** The same for every input that fails in the same way: minimising keeps it. */
export function failureKind(error: unknown): string {
  if (error instanceof Finding) return error.invariant
  if (!(error instanceof Error)) return `threw ${typeof error}`
  const [, place = ''] = /\n\s+at (\S+)/.exec(error.stack ?? '') ?? []
  return `threw ${error.name} in ${place}`
}
