import { mock } from 'node:test'
import { type CollectedTest, type Scope, testsIn } from './collected-tests.ts'

export interface Outcome {
  readonly test: CollectedTest
  readonly milliseconds: number
  /** Undefined: it passed. */
  readonly failure: string | undefined
}

export interface Observer {
  /** Before a test with its hooks; undefined: before hooks of many tests. */
  starts(test: CollectedTest | undefined): void
  /** @returns whether to continue */
  ended(outcome: Outcome): boolean
}

/** Tests replace the timers of the process. */
const immediately = globalThis.setImmediate
const turn = () => new Promise<void>((resolve) => immediately(resolve))

/** Errors that no test caught. Each fails the test that runs. */
const stray: unknown[] = []
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => stray.push(error))
}

const MockTracker = mock.constructor as new () => typeof mock

/** The part of the context of `node:test` that the unit tests use. */
class Context {
  readonly mock = new MockTracker()
  readonly signal = new AbortController().signal
  readonly name: string
  readonly #after: (() => unknown)[] = []

  constructor(name: string) {
    this.name = name
  }

  after(step: () => unknown): void {
    this.#after.push(step)
  }

  diagnostic(): void {}

  async test(name: string, run: (context: Context) => unknown): Promise<void> {
    const context = new Context(name)
    try {
      await run(context)
    } finally {
      await context.end()
    }
  }

  async end(): Promise<void> {
    this.mock.reset()
    for (const step of this.#after) await step()
  }
}

/** Runs the chosen tests of a file, in order, with their hooks. @returns whether to continue with other files */
export async function runTests(scope: Scope, isChosen: (id: string) => boolean, observer: Observer): Promise<boolean> {
  return runScope(scope, isChosen, observer, [], [])
}

type Steps = readonly ((context?: unknown) => unknown)[]

async function runScope(
  scope: Scope,
  isChosen: (id: string) => boolean,
  observer: Observer,
  outerBefore: Steps,
  outerAfter: Steps,
): Promise<boolean> {
  const chosen = testsIn(scope).filter(({ id }) => isChosen(id))
  const [first] = chosen
  if (first === undefined) return true
  const [beforeEach, afterEach] = [
    [...outerBefore, ...scope.beforeEach],
    [...scope.afterEach, ...outerAfter],
  ]
  let goesOn = true
  observer.starts(undefined)
  const failure = await failureOf(() => inOrder(scope.before))
  if (failure !== undefined) goesOn = observer.ended({ test: first, milliseconds: 0, failure })
  for (const member of failure === undefined ? scope.members : []) {
    if (!goesOn) break
    if ('members' in member) goesOn = await runScope(member, isChosen, observer, beforeEach, afterEach)
    else if (isChosen(member.id)) goesOn = observer.ended(await runTest(member, observer, beforeEach, afterEach))
  }
  observer.starts(undefined)
  const ended = await failureOf(() => inOrder(scope.after))
  if (ended !== undefined && goesOn)
    goesOn = observer.ended({ test: chosen.at(-1) ?? first, milliseconds: 0, failure: ended })
  return goesOn
}

async function runTest(test: CollectedTest, observer: Observer, beforeEach: Steps, afterEach: Steps): Promise<Outcome> {
  observer.starts(test)
  const startedAt = performance.now()
  const context = new Context(test.name)
  const failures = [
    await failureOf(async () => {
      await inOrder(beforeEach, context)
      await test.run(context)
    }),
    await failureOf(() => context.end()),
    await failureOf(() => inOrder(afterEach, context)),
  ]
  await turn()
  const failure = failures.find((each) => each !== undefined) ?? strayFailure()
  return { test, milliseconds: performance.now() - startedAt, failure }
}

async function inOrder(steps: Steps, context?: unknown): Promise<void> {
  for (const step of steps) await step(context)
}

async function failureOf(run: () => Promise<void>): Promise<string | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    return String(error)
  }
}

function strayFailure(): string | undefined {
  const [error] = stray.splice(0)
  return error === undefined ? undefined : String(error)
}
