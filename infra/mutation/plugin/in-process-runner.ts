import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import fc from 'fast-check'
import { type CollectedTest, readTests, replaceNodeTest, testsIn } from './collected-tests.ts'
import { type Outcome, runTests } from './run-tests.ts'

/**
 * A test runner for Stryker: reads the test files of a room in the process of the runner, and runs those tests that reach
 * the mutant. A process for each mutant would load the same modules thousands of times.
 *
 * Modules of `src` stay loaded, so a mutant could leave something behind. Nothing is concluded from that: a mutant that
 * survives is tried once more in a new process, and so is one that is killed by a test that then fails without it.
 */
interface StrykerGlobal {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: Coverage
}

interface Coverage {
  readonly static: Record<string, number>
  readonly perTest: Record<string, Record<string, number>>
}

interface MutantRun {
  readonly sandboxFileName?: string
  readonly activeMutant: { readonly id: string }
  readonly testFilter?: readonly string[]
  readonly hitLimit?: number
  readonly mutantActivation: 'static' | 'runtime'
}

const READING = 'the top level of the file'
const FOR_ALL = 'the hooks of the file'
const scope = globalThis as { __stryker__?: StrykerGlobal }
scope.__stryker__ ??= {}
const stryker = scope.__stryker__

export class InProcessRunner {
  static readonly inject = ['options'] as const
  readonly #files: readonly string[]
  readonly #loaded = new Set<string>()
  #round = 0
  #runs = 0
  #isTainted = false

  constructor(options: { readonly inProcessRunner: { readonly tests: readonly string[] } }) {
    this.#files = globSync(options.inProcessRunner.tests).sort()
  }

  capabilities(): object {
    return { reloadEnvironment: false }
  }

  async init(): Promise<void> {
    replaceNodeTest()
    // Otherwise a mutant would survive in one run, and be killed by chance in the next.
    fc.configureGlobal({ seed: 1, endOnFailure: true })
  }

  async dryRun(): Promise<object> {
    this.#runs++
    const coverage: Coverage = { static: {}, perTest: {} }
    stryker.mutantCoverage = coverage
    for (const file of this.#files) await this.#load(file)
    const outcomes: Outcome[] = []
    for (const file of this.#files) {
      stryker.currentTestId = READING
      const tests = await readTests(file, ++this.#round)
      stryker.currentTestId = undefined
      forgetReading(coverage)
      await runTests(tests, () => true, {
        starts: (test) => {
          stryker.currentTestId = test?.id ?? FOR_ALL
        },
        ended: (outcome) => outcomes.push(outcome) > 0,
      })
      shareCoverage(coverage, testsIn(tests))
    }
    stryker.currentTestId = undefined
    return {
      status: 'complete',
      mutantCoverage: coverage,
      tests: outcomes.map(({ test: { id, name }, milliseconds, failure }) => ({
        ...{ id, name, timeSpentMs: milliseconds },
        ...(failure === undefined ? { status: 'success' } : { status: 'failed', failureMessage: failure }),
      })),
    }
  }

  async mutantRun(options: MutantRun): Promise<object> {
    const { activeMutant, testFilter, hitLimit, mutantActivation, sandboxFileName = '' } = options
    if (this.#isTainted) throw new Error('a mutant left something behind: a new process is needed')
    const isFirst = this.#runs++ === 0
    const isStatic = mutantActivation === 'static'
    const chosen = testFilter && new Set(testFilter)
    const files = this.#files
      .filter((file) => !chosen || testFilter.some((id) => id.startsWith(`${file}#`)))
      .sort((a, b) => Number(isAbout(b, sandboxFileName)) - Number(isAbout(a, sandboxFileName)))
    if (!isStatic) for (const file of files) await this.#load(file)

    stryker.hitCount = hitLimit === undefined ? undefined : 0
    stryker.hitLimit = hitLimit
    const { count, failed } = await this.#run(activeMutant.id, files, chosen)
    if (hitLimit !== undefined && (stryker.hitCount ?? 0) > hitLimit)
      return { status: 'timeout', reason: 'the mutant was reached too often' }
    if (failed === undefined) {
      if (!isFirst) throw new Error('survived beside other mutants: it is tried again in a new process')
      return { status: 'survived', nrOfTests: count }
    }
    const { test, failure, file } = failed
    if (!isStatic && (await this.#run(undefined, [file], new Set([test.id]))).failed !== undefined) {
      if (!isFirst) throw new Error('the test also fails without the mutant: it is tried again in a new process')
      this.#isTainted = true
    }
    return { status: 'killed', killedBy: [test.id], failureMessage: failure, nrOfTests: count }
  }

  /** Loads the modules of `src` that a test file needs, while no mutant is active. */
  async #load(file: string): Promise<void> {
    if (!this.#loaded.has(file)) await readTests(file, ++this.#round)
    this.#loaded.add(file)
  }

  /** Runs tests until the first one fails. */
  async #run(mutant: string | undefined, files: readonly string[], chosen: ReadonlySet<string> | undefined) {
    let count = 0
    let failed: (Outcome & { readonly file: string }) | undefined
    stryker.activeMutant = mutant
    try {
      for (const file of files) {
        const tests = await readTests(file, ++this.#round).catch(String)
        if (typeof tests === 'string') {
          const id = [...(chosen ?? [])].find((each) => each.startsWith(`${file}#`)) ?? `${file}#1`
          const test: CollectedTest = { id, name: id, run: () => {} }
          return { count, failed: { test, milliseconds: 0, failure: tests, file } }
        }
        await runTests(tests, (id) => chosen?.has(id) ?? true, {
          starts: () => {},
          ended: (outcome) => {
            count++
            if (outcome.failure !== undefined) failed = { ...outcome, file }
            return failed === undefined
          },
        })
        if (failed !== undefined) break
      }
    } finally {
      stryker.activeMutant = undefined
    }
    return { count, failed }
  }
}

/** Whether a test file imports the file itself. Such tests run first, because they most likely notice. */
function isAbout(test: string, file: string): boolean {
  return file !== '' && readFileSync(test, 'utf8').includes(`/${basename(file)}'`)
}

/**
 * What is reached each time a file is read is no part of loading the modules of `src`, which happens once: such a mutant
 * needs no process of its own.
 */
function forgetReading({ static: whileLoading, perTest }: Coverage): void {
  for (const [mutant, hits] of Object.entries(perTest[READING] ?? {})) {
    const left = (whileLoading[mutant] ?? 0) - hits
    if (left > 0) whileLoading[mutant] = left
    else delete whileLoading[mutant]
  }
}

/** What the top level and the hooks of a file reach counts for each of its tests. */
function shareCoverage({ perTest }: Coverage, tests: readonly CollectedTest[]): void {
  const shared = [perTest[READING] ?? {}, perTest[FOR_ALL] ?? {}].flatMap((part) => Object.entries(part))
  delete perTest[READING]
  delete perTest[FOR_ALL]
  for (const { id } of tests) {
    const own = perTest[id] ?? {}
    for (const [mutant, hits] of shared) own[mutant] = (own[mutant] ?? 0) + hits
    perTest[id] = own
  }
}
