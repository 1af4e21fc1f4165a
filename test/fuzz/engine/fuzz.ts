import type { Oracles } from '../oracles/oracles.ts'
import { compareAll } from './compare.ts'
import { type Coverage, coveringSet, edgeOf } from './coverage.ts'
import { minimise } from './minimise.ts'
import { Chance, type Material, mutate } from './mutate.ts'
import { Finding, type FuzzTarget, failureKind } from './target.ts'

const MAX_BYTES = 2048
/** Names that every object of JavaScript has: a table looked up by a name of the input finds them. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
/** Time for coverage before other parsers are asked, and about as long for these, in milliseconds. */
const SLICE_MS = 1500
const BATCH = 200
const MAX_FAILURES = 8
/** An input that takes longer is a finding, in milliseconds of processor time: a busy machine is none. */
const SLOW_MS = 1000

export interface Failure {
  readonly input: Buffer
  readonly kind: string
  readonly message: string
}

export interface Progress {
  executions: number
  comparisons: number
  accepted: number
  corpus: number
  edges: number
}

export interface FuzzOptions {
  readonly target: FuzzTarget
  readonly seeds: readonly Buffer[]
  readonly texts: ReadonlySet<string>
  readonly coverage: Coverage
  readonly oracles: Oracles
  readonly milliseconds: number
  readonly seed: number
  /** Different failures after which the run ends. */
  readonly maxFailures?: number
  /** Called before each input, so that one that never ends is known. */
  readonly begin: (input: Buffer) => void
  readonly report: (progress: Progress) => void
}

interface Entry {
  readonly input: Buffer
  readonly features: readonly number[]
}

/** One run of a target: inputs that reach something new are kept and changed further. */
export class FuzzRun {
  readonly progress: Progress = { executions: 0, comparisons: 0, accepted: 0, corpus: 0, edges: 0 }
  readonly failures: Failure[] = []
  readonly #options: FuzzOptions
  readonly #chance: Chance
  readonly #maxFailures: number
  readonly #entries: Entry[] = []
  readonly #corpus: Buffer[] = []
  readonly #material: Material

  constructor(options: FuzzOptions) {
    this.#options = options
    this.#maxFailures = options.maxFailures ?? MAX_FAILURES
    this.#chance = new Chance(options.seed)
    const words = [...INHERITED, ...options.texts, ...(options.target.dictionary ?? [])].filter((word) => word !== '')
    const dictionary = words.map((word) => Buffer.from(word, /[^\0-\xff]/.test(word) ? 'utf8' : 'latin1'))
    this.#material = { corpus: this.#corpus, dictionary, maxBytes: MAX_BYTES }
  }

  async run(): Promise<void> {
    const { seeds, milliseconds, target } = this.#options
    this.#corpus.push(Buffer.alloc(0), ...seeds)
    for (const seed of this.#corpus.slice()) await this.#try(seed)
    // Other parsers start now, which may take longer than the run.
    if (target.compare) await this.#compare(seeds)
    const end = performance.now() + milliseconds
    while (performance.now() < end && this.failures.length < this.#maxFailures) {
      await this.#cover(Math.min(end, performance.now() + SLICE_MS))
      const slice = Math.min(end, performance.now() + SLICE_MS)
      while (target.compare && performance.now() < slice) await this.#compare(this.#batch())
      this.#report()
    }
  }

  async #cover(until: number): Promise<void> {
    for (let tries = 0; tries % 64 !== 0 || performance.now() < until; tries++) {
      if (this.failures.length >= this.#maxFailures) return
      await this.#try(mutate(this.#parent(), this.#chance, this.#material))
    }
  }

  /** Half of the time one of those found last. */
  #parent(): Buffer {
    const { length } = this.#corpus
    const recent = Math.max(1, length >> 2)
    return this.#corpus[
      this.#chance.below(2) ? length - 1 - this.#chance.below(recent) : this.#chance.below(length)
    ] as Buffer
  }

  async #try(input: Buffer): Promise<void> {
    const { coverage } = this.#options
    coverage.reset()
    const error = await this.#failureOf(input)
    this.progress.executions++
    if (error !== undefined)
      await this.#fail(input, error, async (other) => sameKind(await this.#failureOf(other), error))
    else if (coverage.news().length > 0) {
      this.#entries.push({ input, features: coverage.features() })
      this.#corpus.push(input)
    }
  }

  async #failureOf(input: Buffer): Promise<unknown> {
    const { target, begin } = this.#options
    begin(input)
    const before = process.threadCpuUsage()
    try {
      const accepted = target.check(input)
      if (accepted instanceof Promise ? await accepted : accepted) this.progress.accepted++
    } catch (error) {
      return error ?? new Error('threw nothing')
    }
    const { user, system } = process.threadCpuUsage(before)
    const took = (user + system) / 1000
    return took > SLOW_MS ? new Error(`took ${took.toFixed(0)} ms`) : undefined
  }

  async #fail(input: Buffer, error: unknown, fails: (input: Buffer) => Promise<boolean>): Promise<void> {
    const kind = failureKind(error)
    if (this.failures.some((failure) => failure.kind === kind)) return
    const message =
      error instanceof Finding ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
    const failure = { input, kind, message }
    this.failures.push(failure)
    const shorter = await minimise(input, fails)
    this.failures[this.failures.indexOf(failure)] = { ...failure, input: shorter }
  }

  #batch(): Buffer[] {
    return Array.from({ length: BATCH }, () => mutate(this.#parent(), this.#chance, this.#material))
  }

  async #compare(inputs: readonly Buffer[]): Promise<void> {
    const { target, oracles, begin } = this.#options
    begin(Buffer.alloc(0))
    const { disagreements, count } = await compareAll(target, inputs, oracles)
    this.progress.comparisons += count
    for (const { input, finding } of disagreements) {
      await this.#fail(input, finding, async (other) => {
        const again = await compareAll(target, [other], oracles)
        return again.disagreements.some((each) => each.finding.invariant === finding.invariant)
      })
    }
  }

  #report(): void {
    const { coverage, report } = this.#options
    Object.assign(this.progress, { corpus: this.#corpus.length, edges: coverage.reached })
    report(this.progress)
  }

  /** The inputs worth keeping, each made shorter as long as it reaches what it is kept for. */
  async kept(milliseconds: number): Promise<Buffer[]> {
    const { coverage } = this.#options
    const end = performance.now() + milliseconds
    const kept: Buffer[] = []
    // How often an edge was taken is for the search, not for what is kept.
    const entries = this.#entries.map(({ input, features }) => ({
      input,
      features: [...new Set(features.map(edgeOf))],
    }))
    for (const { item, owns } of coveringSet(entries)) {
      const reaches = async (input: Buffer) => {
        if (performance.now() > end) return false
        coverage.reset()
        if ((await this.#failureOf(input)) !== undefined) return false
        const features = new Set(coverage.features().map(edgeOf))
        return owns.every((feature) => features.has(feature))
      }
      kept.push((await reaches(item.input)) ? await minimise(item.input, reaches) : item.input)
    }
    return kept
  }
}

const sameKind = (error: unknown, other: unknown) => error !== undefined && failureKind(error) === failureKind(other)
