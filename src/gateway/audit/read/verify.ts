import { type ChainState, GENESIS, hashOf, readChained } from '../file/chain.ts'
import { type FileLine, readLines } from './read-lines.ts'
import type { TrailFiles } from './trail-files.ts'

/** Something that does not fit the chain, or that its reader should know. */
export interface Finding {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly text: string
}

export interface Verification {
  readonly lines: number
  /** The first and the last line of the chain; undefined where there is none. */
  readonly first: ChainState | undefined
  readonly last: ChainState | undefined
  /** What shows that lines were removed, altered, inserted or reordered. At most {@link MAX_PROBLEMS}. */
  readonly problems: readonly Finding[]
  /** What is no proof of it: crashes that were mended, and what cannot be known. */
  readonly notes: readonly Finding[]
  /** Anchors with a matching line. */
  readonly anchored: readonly ChainState[]
}

export interface VerifyOptions {
  /** Of the chain; undefined: it was made without one. */
  readonly key: string | undefined
  /** Lines that must be there. */
  readonly anchors?: readonly ChainState[]
}

/** Findings after this many say nothing new. */
const MAX_PROBLEMS = 50

/** Follows the chain through the files of one trail, one line at a time. @throws the error of the system */
export async function verifyTrail({ paths }: TrailFiles, options: VerifyOptions): Promise<Verification> {
  const walk = new ChainWalk(options)
  for (const [index, path] of paths.entries()) {
    for await (const line of readLines(path)) {
      if (walk.problems.length >= MAX_PROBLEMS) return walk.result()
      walk.take(path, line, index === paths.length - 1)
    }
  }
  walk.end(paths.at(-1) ?? '')
  return walk.result()
}

class ChainWalk {
  readonly problems: Finding[] = []
  readonly #notes: Finding[] = []
  readonly #options: VerifyOptions
  readonly #anchors: ReadonlyMap<number, ChainState>
  readonly #anchored: ChainState[] = []
  #lines = 0
  #first: ChainState | undefined
  #last: ChainState | undefined
  /** Whether the line before could not be read: then the next one cannot continue it. */
  #isAfterUnreadable = false

  constructor(options: VerifyOptions) {
    this.#options = options
    this.#anchors = new Map((options.anchors ?? []).map((anchor) => [anchor.seq, anchor]))
  }

  result(): Verification {
    const { problems } = this
    return {
      ...{ lines: this.#lines, first: this.#first, last: this.#last, problems },
      ...{ notes: this.#notes, anchored: this.#anchored },
    }
  }

  /** Files that were emptied prove nothing, and must not look as if they did. */
  end(file: string): void {
    if (this.#last === undefined && this.problems.length === 0)
      this.problems.push({ file, line: 0, text: 'no line of a chain: nothing was verified' })
  }

  take(file: string, line: FileLine, isLastFile: boolean): void {
    const at = { file, line: line.number }
    if (!line.isComplete) {
      this.#torn(at, isLastFile)
      return
    }
    this.#lines += 1
    const chained = readChained(line.text)
    if (chained === undefined || !isObject(line.text)) {
      this.problems.push({ ...at, text: line.problem ?? 'altered or inserted: the line is not part of a chain' })
      this.#isAfterUnreadable = true
      return
    }
    if (hashOf(chained.covered, this.#options.key) !== chained.hash) {
      this.problems.push({ ...at, text: 'altered: the hash does not fit the line' })
    } else this.#follow(at, chained)
    this.#take(at, chained)
  }

  /** A process that was ended leaves a part of a line; the next start cuts it off. */
  #torn(at: Omit<Finding, 'text'>, isLastFile: boolean): void {
    const text = 'incomplete: a crash leaves this at the end of the newest file; the next start of the gateway mends it'
    if (isLastFile) this.#notes.push({ ...at, text })
    else this.problems.push({ ...at, text: 'cut off: only the newest file may end within a line' })
  }

  #follow(at: Omit<Finding, 'text'>, { seq, prev }: { readonly seq: number; readonly prev: string }): void {
    const before = this.#last
    if (before === undefined) {
      if (seq === 1 && prev !== GENESIS.hash)
        this.problems.push({ ...at, text: 'altered: line 1 continues another one' })
      if (seq > 1 && !this.#isAfterUnreadable)
        this.#notes.push({ ...at, text: `the chain begins with line ${seq}: older files are not among these` })
      return
    }
    if (seq === before.seq + 1 && prev === before.hash) return
    this.problems.push({ ...at, text: breakOf(before, seq, this.#isAfterUnreadable) })
  }

  #take(at: Omit<Finding, 'text'>, { seq, hash }: ChainState): void {
    this.#isAfterUnreadable = false
    this.#first ??= { seq, hash }
    this.#last = { seq, hash }
    const anchor = this.#anchors.get(seq)
    if (anchor === undefined) return
    if (anchor.hash === hash) this.#anchored.push(anchor)
    else this.problems.push({ ...at, text: `altered: the anchor of line ${seq} names another hash` })
  }
}

function breakOf(before: ChainState, seq: number, isAfterUnreadable: boolean): string {
  const missing = seq - before.seq - 1 - Number(isAfterUnreadable)
  if (missing > 0)
    return `removed: ${missing} ${missing === 1 ? 'line is' : 'lines are'} missing before line ${seq} of the chain`
  if (isAfterUnreadable && missing === 0) return `altered: the line before line ${seq} of the chain was another one`
  if (seq === before.seq + 1) return 'altered: the line before was another one when this one was written'
  if (seq === 1) return 'removed: a new chain begins here, although the one before did not end'
  return `inserted, repeated or reordered: line ${seq} of the chain comes after line ${before.seq}`
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
