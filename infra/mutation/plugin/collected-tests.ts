import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/** What a test file does with its hooks and tests is collected, so that it can run again and again in one process. */
type Step = (context?: unknown) => unknown

export interface CollectedTest {
  readonly id: string
  readonly name: string
  readonly run: Step
}

/** A file, or a suite in it. */
export interface Scope {
  readonly name: string
  readonly before: Step[]
  readonly after: Step[]
  readonly beforeEach: Step[]
  readonly afterEach: Step[]
  readonly members: (CollectedTest | Scope)[]
}

const scopeOf = (name: string): Scope => ({
  ...{ name, members: [] },
  ...{ before: [], after: [], beforeEach: [], afterEach: [] },
})

let current: Scope | undefined
let file = ''
let count = 0

export function currentScope(): Scope {
  if (current === undefined) throw new Error('a test was defined while no file was being read')
  return current
}

export function collectSuite(name: string, define: () => unknown): void {
  const parent = currentScope()
  const scope = scopeOf(name)
  parent.members.push(scope)
  current = scope
  try {
    if (define() instanceof Promise)
      throw new Error(`${file}: ${name}: expected a suite that defines its tests at once`)
  } finally {
    current = parent
  }
}

export function collectTest(name: string, run: Step): void {
  count++
  currentScope().members.push({ id: `${file}#${count} ${name}`, name, run })
}

export function testsIn(scope: Scope): CollectedTest[] {
  return scope.members.flatMap((member) => ('members' in member ? testsIn(member) : [member]))
}

/**
 * Reads a test file anew, so that what it keeps at its top level is new each time. The modules that it imports stay as they
 * are.
 */
export async function readTests(path: string, round: number): Promise<Scope> {
  const scope = scopeOf(path)
  current = scope
  file = path
  count = 0
  try {
    await import(`${pathToFileURL(path).href}?round=${round}`)
    return scope
  } finally {
    current = undefined
  }
}

/** Gives test files the functions of this folder in place of those of `node:test`. */
export function replaceNodeTest(): void {
  const replacement = new URL('node-test.ts', import.meta.url).href
  const tests = `${pathToFileURL(process.cwd()).href}/test/`
  registerHooks({
    resolve(specifier, context, next) {
      const isFromTest = context.parentURL?.startsWith(tests) === true
      return specifier === 'node:test' && isFromTest
        ? { url: replacement, shortCircuit: true }
        : next(specifier, context)
    },
  })
}
